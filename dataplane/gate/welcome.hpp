// The end of a login: what a client is told once it has proven who it is. Pure.
#pragma once

#include "dataplane/session/parameters.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::gate {

struct CancelKey {
    std::int32_t process_id = 0;
    std::int32_t secret = 0;
};

/// [AuthenticationSASLFinal] AuthenticationOk ParameterStatus… BackendKeyData ReadyForQuery, for one send.
/// reported: what the pool's server said at its login. asked: what the client named in its StartupMessage, which goes before it; what the
/// client did not name follows the server's report, and is not written into `asked`.
[[nodiscard]] std::string write_login_end(
    std::string_view final_payload, const std::vector<std::pair<std::string, std::string>>& reported, const session::TrackedNames& tracked,
    const session::ParameterSet& asked, CancelKey key
);

/// What its server connections are to be set to: what it named, and for the rest what the server reported, so that nothing that a client
/// before it has set reaches it.
[[nodiscard]] session::Parameters parameters_of_client(
    const std::vector<std::pair<std::string, std::string>>& reported, const session::TrackedNames& tracked,
    const session::ParameterSet& asked
);

/// The login's end for the console, which has parameters of its own.
[[nodiscard]] std::string write_console_login_end(std::string_view final_payload, std::string_view version_number, CancelKey key);

/// FATAL, as every refusal is.
[[nodiscard]] std::string write_fatal(std::string_view sqlstate, std::string_view text);

}  // namespace cenote::gate
