// A client from its first byte to the proof of who it is. Pure: bytes and facts in, a Step out; no socket, clock or thread. One a login,
// owned by its LoginConnection.
//
//   state         | event                                  | next          | step
//   kStartup      | SSLRequest, GSSENCRequest              | kStartup      | kMore, sends 'N' (a TLS handshake will begin here)
//   kStartup      | bytes behind one, a second one         | kEnded        | kRefused
//   kStartup      | CancelRequest                          | kEnded        | kCancel
//   kStartup      | StartupMessage                         | kNamed        | kNamed: the driver looks up its facts, then authenticate() or
//   refuse() kStartup      | a length no packet has                 | kEnded        | kBroken: no answer, as PostgreSQL does kNamed |
//   authenticate()                         | kAuthenticate | kMore, sends the question | kPassed | kRefused kAuthenticate | p |
//   kAuthenticate | kMore, sends the next question | kPassed | kRefused kAuthenticate | p that costs a key derivation          | kDerive |
//   kDerive: derive() on any thread, then derived() kDerive       | derived()                              |               | as p
//   kAuthenticate | anything but p, over-long              | kEnded        | kRefused
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/auth/client_authenticator.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/registry/runtime.hpp"
#include "dataplane/session/client_startup.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::gate {

/// The console's database, and the user that needs no password over the unix socket.
inline constexpr std::string_view kConsole = "pgbouncer";

class ClientLogin {
public:
    struct Step {
        enum class Kind : std::uint8_t { kMore, kCancel, kNamed, kDerive, kPassed, kRefused, kBroken };
        Kind kind = Kind::kMore;
        std::size_t consumed = 0;  // bytes of on_bytes() that are done with
        std::string send;          // goes out first, whatever the kind
        Error error;               // of kRefused: what the client is told; of kBroken: why, for the log
        std::string log;           // of kRefused: for our own log only; may be empty
        protocol::CancelRequest cancel;
    };
    /// What decides whether a named client may go on, looked up by the driver.
    struct Facts {
        bool own_user = false;  // over the unix socket, by the user this process runs as
        bool shutting_down = false;
        bool disabled = false;  // its database
    };

    /// peer: "host:port", asked for only where application_name_add_host is on.
    ClientLogin(registry::RuntimeRef runtime, std::string peer);

    /// REQUIRES: state is kStartup or kAuthenticate. Takes from the front of `bytes` what it can.
    [[nodiscard]] Step on_bytes(std::string_view bytes);
    /// Why this client may not go on; it is to be told so. REQUIRES: kNamed.
    [[nodiscard]] std::optional<Error> refusal(const Facts& facts);
    /// REQUIRES: kNamed, and refusal() found nothing.
    [[nodiscard]] Step authenticate();
    /// Any thread, while nothing else is done with this object. REQUIRES: kDerive.
    void derive();
    [[nodiscard]] Step derived();

    [[nodiscard]] const session::ClientIdentity& identity() const noexcept { return identity_; }
    [[nodiscard]] bool for_console() const noexcept { return identity_.database == kConsole; }
    [[nodiscard]] admin::Access access() const noexcept { return access_; }
    /// What goes out before AuthenticationOk: AuthenticationSASLFinal or nothing. After kPassed.
    [[nodiscard]] const std::string& final_payload() const noexcept { return final_payload_; }

private:
    enum class State : std::uint8_t { kStartup, kNamed, kAuthenticate, kDerive, kEnded };

    [[nodiscard]] Step on_startup(std::string_view& rest);
    [[nodiscard]] Step on_message(const protocol::StartupMessage& message);
    [[nodiscard]] Step on_password(std::string_view& rest);
    [[nodiscard]] Step on_answer(const auth::Step& answer);
    [[nodiscard]] Step refused(Error error);
    [[nodiscard]] std::optional<Error> console_refusal(const Facts& facts);

    registry::RuntimeRef runtime_;
    std::string peer_;
    session::ClientIdentity identity_;
    std::unique_ptr<auth::ClientAuthenticator> authenticator_;
    std::string final_payload_;
    std::string response_;  // of kDerive: the body of the p
    auth::Step derived_;
    admin::Access access_ = admin::Access::kStats;
    State state_ = State::kStartup;
    bool ssl_asked_ = false;
    bool gss_asked_ = false;
    bool needs_no_password_ = false;
};

}  // namespace cenote::gate
