// SASLprep (RFC 4013) of a password, PostgreSQL's way: plain ASCII stays as it is, and what cannot be prepared is used as the raw bytes.
#pragma once

#include <string>
#include <string_view>

namespace cenote::auth {

[[nodiscard]] std::string saslprep(std::string_view password);

}  // namespace cenote::auth
