// Why a server was not reached, as a reason a program can branch on and a person understands. Pure.
#pragma once

#include <string_view>

namespace cenote::database {

/// LoginRefused, DatabaseMissing, NameNotFound, TooManyConnections, ConnectionRefused, Timeout, or NoAnswer for all else. libpq gives no
/// SQLSTATE for a connection that fails, so the words decide: PostgreSQL's in the language of its own sources, and our resolver's.
[[nodiscard]] std::string_view refusal_reason(std::string_view message);

/// Nobody with these credentials will get in before somebody does something.
[[nodiscard]] bool is_lasting(std::string_view reason);

}  // namespace cenote::database
