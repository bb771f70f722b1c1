// SCRAM keys of one user that cost a PBKDF2 or a client's login to get. Shared by threads, guarded by a mutex of its own; touched at logins
// only, never on a query's path. A derivation runs outside the lock, so two threads may do it twice but none waits for
// the other.
#pragma once

#include "dataplane/auth/scram.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::auth {

class KeyCache {
public:
    /// The keys of this user's plain password for that salt and iteration count; derived at the first call, kept for the last few salts.
    /// Never for a password that a peer typed: what is kept is not told apart by password.
    [[nodiscard]] ScramKeys keys_of(std::string_view password, std::string_view salt, int iterations);

    /// keys_of() with these would derive nothing.
    [[nodiscard]] bool knows(std::string_view salt, int iterations) const;

    /// A client proved itself against a SCRAM secret, and so showed its ClientKey: enough to log in to a server that has the same secret.
    void learn_client_key(const ScramKey& client_key);
    [[nodiscard]] std::optional<ScramKey> client_key() const;

private:
    struct Derived {
        std::string salt;
        int iterations;
        ScramKeys keys;
    };
    mutable std::mutex mutex_;
    std::vector<Derived> derived_;  // at most a few, oldest first
    std::optional<ScramKey> client_key_;
};

}  // namespace cenote::auth
