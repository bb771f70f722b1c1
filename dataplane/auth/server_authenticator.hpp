// Answers a server that asks who we are. Sans-io: the caller brings the body of each 'R' message and sends the 'p' message a Reply holds.
// One object a login, used by one thread, owned by the server connection while it logs in.
#pragma once

#include "dataplane/auth/crypto.hpp"
#include "dataplane/auth/user_list.hpp"
#include "dataplane/base/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::auth {

class ServerAuthenticator {
public:
    struct Reply {
        bool done =
            false;  // AuthenticationOk came, and the server owes us nothing: ParameterStatus, BackendKeyData and ReadyForQuery follow
        std::string payload{};  // body of one 'p' message; empty: nothing to send
    };

    /// user as sent in the StartupMessage. entry may be null: no password is known, only trust works.
    ServerAuthenticator(std::string user, UserEntryRef entry, RandomSource random = random_bytes);

    /// An error means: drop this connection. Its text names no secret. A server that does not prove itself in SCRAM is refused.
    [[nodiscard]] Result<Reply> on_request(std::string_view body);

    /// What is to be run first, on any thread, so that on_request() with this body derives no keys (PBKDF2). Empty: it derives none.
    [[nodiscard]] std::function<void()> derivation_for(std::string_view body) const;

private:
    enum class State { kStart, kPasswordSent, kFirstSent, kFinalSent, kServerProved, kDone, kFailed };

    Result<Reply> handle(std::string_view body);
    Result<Reply> on_cleartext();
    Result<Reply> on_md5(std::string_view salt);
    Result<Reply> on_sasl(std::string_view mechanisms);
    Result<Reply> on_sasl_continue(std::string_view message);
    Result<Reply> on_sasl_final(std::string_view message);
    Result<ScramKeys> keys_for(const ServerFirst& first) const;

    std::string user_;
    UserEntryRef entry_;
    RandomSource random_;
    State state_ = State::kStart;
    std::string client_nonce_;
    std::string client_first_bare_;
    ScramKey expected_signature_{};
};

}  // namespace cenote::auth
