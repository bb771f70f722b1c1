// What went wrong with a peer, the environment or a configuration: a text for people, and the SQLSTATE a PostgreSQL client is told.
#pragma once

#include "dataplane/base/sqlstate.hpp"

#include <string>
#include <string_view>

namespace cenote {

struct Error {
    std::string message;
    std::string sqlstate = cenote::sqlstate::kProtocolViolation;  // PgBouncer's choice where nothing fits better

    bool operator==(const Error&) const = default;
};

/// "what: cause", for adding where it happened on the way up.
[[nodiscard]] Error with_context(std::string_view what, Error cause);

}  // namespace cenote
