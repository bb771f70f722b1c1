// Logs in to a server, from the StartupMessage to the first ReadyForQuery. Pure: bytes in, bytes out. Lives only during the login.
//
//   state          | message                        | next
//   kAuthenticate  | R, not Ok                      | answer of the ServerAuthenticator
//   kAuthenticate  | R Ok                           | kSettle
//   kSettle        | S K N v                        | noted
//   kSettle        | Z                              | ready
//   any            | E, anything else, over-long    | failed, with the server's own text and SQLSTATE
#pragma once

#include "dataplane/auth/server_authenticator.hpp"
#include "dataplane/base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::session {

class ServerLogin {
public:
    struct Options {
        std::string user;
        std::string database;
        std::vector<std::pair<std::string, std::string>> parameters;  // client_encoding … of the [databases] line
    };
    struct Welcome {
        std::vector<std::pair<std::string, std::string>> parameters;  // every ParameterStatus, in order
        std::int32_t process_id = 0;
        std::int32_t secret_key = 0;
    };
    struct Step {
        std::string send;
        std::size_t consumed = 0;
        bool ready = false;
    };

    ServerLogin(Options options, std::unique_ptr<auth::ServerAuthenticator> authenticator);

    [[nodiscard]] std::string startup_bytes() const;
    /// Takes whole messages from the front of `bytes`; stops after ReadyForQuery.
    [[nodiscard]] Result<Step> on_bytes(std::string_view bytes);
    [[nodiscard]] const Welcome& welcome() const noexcept { return welcome_; }

private:
    [[nodiscard]] Result<std::string> on_authentication(std::string_view body);

    Options options_;
    std::unique_ptr<auth::ServerAuthenticator> authenticator_;
    Welcome welcome_;
    bool authenticated_ = false;
};

}  // namespace cenote::session
