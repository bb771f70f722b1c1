#include "operator/api/connection_pool.hpp"

#include "operator/api/enum_words.hpp"

namespace cenote::api {

std::string_view to_string(TlsMode mode) { return word_of(mode); }
std::string_view to_string(TargetKind kind) { return word_of(kind); }
std::string_view to_string(UpdateMode mode) { return word_of(mode); }
std::string_view to_string(PoolMode mode) { return word_of(mode); }
std::string_view to_string(Switch value) { return word_of(value); }
std::string_view to_string(DesiredRunState state) { return word_of(state); }
std::string_view to_string(LimitedBy limit) { return word_of(limit); }

}  // namespace cenote::api
