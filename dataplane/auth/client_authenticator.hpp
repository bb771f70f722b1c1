// Proves that a client is the user it says it is. Sans-io: the caller sends what a Step holds and brings the bodies of the client's 'p'
// messages. One object a login, used by one thread, owned by the session while it logs in.
//
//   step = start()                    kSend: send 'R' + payload, wait for 'p'
//   step = on_response(body of 'p')   kSend again | kAccepted: send 'R' + payload if any, then AuthenticationOk | kRejected: say so, close
#pragma once

#include "dataplane/auth/crypto.hpp"
#include "dataplane/auth/user_list.hpp"
#include "dataplane/base/error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cenote::auth {

/// auth_type. kAny accepts everyone (who may be named is the caller's rule); kTrust accepts the users that exist.
enum class AuthMethod { kAny, kTrust, kPlain, kMd5, kScramSha256 };

/// The longest 'p' body an authenticator reads; a longer one is refused before it is buffered. A password of kMaxPassword and its NUL.
inline constexpr std::size_t kMaxAuthResponse = kMaxPassword + 1;

struct Step {
    enum class Kind { kSend, kAccepted, kRejected };

    Kind kind = Kind::kRejected;
    std::string payload;  // body of one 'R' message, its Int32 code included; may be empty on kAccepted; empty on kRejected
    Error error;          // of kRejected: what the client is told
    std::string log;      // of kRejected: the reason for our own log, which a client must not see; may be empty
};

class ClientAuthenticator {
public:
    virtual ~ClientAuthenticator() = default;
    ClientAuthenticator(const ClientAuthenticator&) = delete;
    ClientAuthenticator& operator=(const ClientAuthenticator&) = delete;

    [[nodiscard]] virtual Step start() = 0;
    [[nodiscard]] virtual Step on_response(std::string_view body) = 0;
    /// The next on_response() costs a key derivation (PBKDF2): tens of milliseconds that do not belong on a loop. It may then be called on
    /// another thread, while nothing else is done with this object.
    [[nodiscard]] virtual bool derives_next() const { return false; }

protected:
    ClientAuthenticator() = default;
};

/// Salts the users that have no SCRAM secret, made-up ones included, so that they look alike and keep their salt: drawn once in a process.
/// (Not made from auth_file: the salts would then let a client test guesses of its content.)
[[nodiscard]] const ScramKey& process_salt_key();

/// entry is null for a user that does not exist: the same exchange is run with made-up keys, stable for a name, and fails at its end.
/// auth_type md5 becomes SCRAM where the user's secret is SCRAM (PgBouncer's rule).
[[nodiscard]] std::unique_ptr<ClientAuthenticator> make_client_authenticator(
    AuthMethod method, std::string user, UserEntryRef entry, int scram_iterations, RandomSource random = random_bytes,
    const ScramKey& salt_key = process_salt_key()
);

}  // namespace cenote::auth
