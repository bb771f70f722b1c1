// A pod's share of its server's connections, as the file the pod includes: one number binds. Pure.
#pragma once

#include "operator/api/connection_pool.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cenote::specs {

/// "max_db_connections = 12" and what follows from it.
[[nodiscard]] std::string share_text(const api::Spec& spec, std::int64_t share);

/// The number in it; 0 when there is none.
[[nodiscard]] std::int64_t share_in(std::string_view text);

}  // namespace cenote::specs
