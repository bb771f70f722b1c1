// Logs in to a server, from the StartupMessage to the ReadyForQuery behind connect_query. Pure: bytes in, bytes out. Lives only during the
// login.
//
//   state          | message                        | next
//   kAuthenticate  | v, before the first R          | noted: the server speaks an older protocol, as we do
//   kAuthenticate  | R, not Ok                      | answer of the ServerAuthenticator
//   kAuthenticate  | R Ok                           | kSettle
//   kSettle        | S K                            | noted
//   kSettle        | Z idle                         | kReady; with a connect_query: sent, kConnectQuery
//   kConnectQuery  | S noted; rows, tags passed over; E  | its text is kept for the log
//   kConnectQuery  | Z idle                         | kReady
//   any but kReady | N                              | passed over
//   any but kConnectQuery | E                       | kFailed: refused, with the server's own text and SQLSTATE
//   any            | anything else, over-long       | kFailed: broken
#pragma once

#include "dataplane/auth/server_authenticator.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/protocol/take_message.hpp"

#include <cstdint>
#include <functional>
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
        std::string connect_query{};
    };
    struct Welcome {
        std::vector<std::pair<std::string, std::string>> parameters;  // every ParameterStatus, the last of each name
        std::int32_t process_id = 0;
        std::int32_t secret_key = 0;
    };
    struct Step {
        std::string send;
        std::size_t consumed = 0;
        bool ready = false;
        /// Not empty: run it on another thread, then bring the same bytes again. It costs a key derivation.
        std::function<void()> derivation;
    };
    enum class Failure : std::uint8_t {
        kNone,
        kRefused,     // an ErrorResponse of the server
        kNoPassword,  // what is known of the user does not answer what the server asks
        kBroken,      // not the protocol
    };

    ServerLogin(Options options, std::unique_ptr<auth::ServerAuthenticator> authenticator);

    [[nodiscard]] std::string startup_bytes() const;
    /// Takes whole messages from the front of `bytes`; stops after the last ReadyForQuery. An error is the end: why() says of which kind.
    [[nodiscard]] Result<Step> on_bytes(std::string_view bytes);
    [[nodiscard]] const Welcome& welcome() const noexcept { return welcome_; }
    [[nodiscard]] Failure why() const noexcept { return why_; }
    /// The server's words about connect_query, if it failed: the connection is used all the same, as by PgBouncer.
    [[nodiscard]] const std::string& connect_query_error() const noexcept { return connect_query_error_; }

private:
    enum class State : std::uint8_t { kAuthenticate, kSettle, kConnectQuery, kReady, kFailed };

    [[nodiscard]] Result<void> take(protocol::Message message, Step& step);
    [[nodiscard]] Result<void> on_authentication(std::string_view body, Step& step);
    [[nodiscard]] Result<void> on_ready(std::string_view body, Step& step);
    [[nodiscard]] Result<void> on_parameter(std::string_view body);
    [[nodiscard]] Result<void> on_key(std::string_view body);
    [[nodiscard]] Error fail(Failure why, Error error);
    [[nodiscard]] Error unexpected(protocol::Message message);

    Options options_;
    std::unique_ptr<auth::ServerAuthenticator> authenticator_;
    Welcome welcome_;
    std::string connect_query_error_;
    State state_ = State::kAuthenticate;
    Failure why_ = Failure::kNone;
    bool asked_ = false;    // an R has come
    bool derived_ = false;  // a derivation was handed out
};

}  // namespace cenote::session
