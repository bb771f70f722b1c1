#include "dataplane/base/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote {

Error with_context(std::string_view what, Error cause) {
    cause.message = fmt::format("{}: {}", what, cause.message);
    return cause;
}

}  // namespace cenote
