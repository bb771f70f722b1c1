// SCRAM-SHA-256 as values: verifiers, keys, the four messages and the arithmetic. Pure; both authenticators are built of it.
// Rules: RFC 5802 (messages), RFC 7677 (SHA-256), PostgreSQL manual "SASL authentication" and its pg_authid verifier format.
#pragma once

#include "dataplane/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::auth {

using ScramKey = std::array<std::uint8_t, 32>;

/// Bounds on what a peer may send, checked before anything is allocated or computed. Without them a server could stall a worker.
inline constexpr std::size_t kMaxScramMessage = 8192;
inline constexpr std::size_t kMaxScramNonce = 1024;
inline constexpr std::size_t kMaxScramSalt = 1024;
inline constexpr int kMaxScramIterations = 1'000'000;
inline constexpr std::string_view kScramMechanism = "SCRAM-SHA-256";

/// "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>", the form of pg_authid.rolpassword and userlist.txt. salt is decoded.
struct ScramVerifier {
    int iterations = 0;
    std::string salt;
    ScramKey stored_key{};
    ScramKey server_key{};

    bool operator==(const ScramVerifier&) const = default;
};

[[nodiscard]] std::optional<ScramVerifier> parse_verifier(std::string_view text);
[[nodiscard]] std::string write_verifier(const ScramVerifier& verifier);

/// What a password gives with one salt and iteration count; enough to be either side.
struct ScramKeys {
    ScramKey client_key{};
    ScramKey stored_key{};
    ScramKey server_key{};
};

/// The PBKDF2 that makes a SCRAM login dear. The password is prepared with SASLprep here.
[[nodiscard]] ScramKeys derive_keys(std::string_view password, std::string_view salt, int iterations);
[[nodiscard]] ScramKey stored_key_of(const ScramKey& client_key);

// --- messages ---
struct ClientFirst {
    std::string gs2_header;  // "n,," or "y,,": repeated by the client, base64, as c= of its last message
    std::string bare;        // from "n=" on; part of what is signed
    std::string nonce;
};
struct ServerFirst {
    std::string nonce;
    std::string salt;  // decoded
    int iterations = 0;
};
struct ClientFinal {
    std::string without_proof;
    std::string channel_binding;  // decoded c=
    std::string nonce;
    ScramKey proof{};
};

[[nodiscard]] Result<ClientFirst> parse_client_first(std::string_view message);
[[nodiscard]] Result<ServerFirst> parse_server_first(std::string_view message);
[[nodiscard]] Result<ClientFinal> parse_client_final(std::string_view message);
/// The server's signature ("v="), or the server's own error ("e=") as an Error.
[[nodiscard]] Result<ScramKey> parse_server_final(std::string_view message);

// --- arithmetic ---
[[nodiscard]] ScramKey client_signature(const ScramKey& stored_key, std::string_view auth_message);
[[nodiscard]] ScramKey server_signature(const ScramKey& server_key, std::string_view auth_message);
[[nodiscard]] ScramKey exclusive_or(const ScramKey& a, const ScramKey& b);
/// "client-first-bare,server-first,client-final-without-proof".
[[nodiscard]] std::string auth_message(
    std::string_view client_first_bare, std::string_view server_first, std::string_view client_final_without_proof
);

}  // namespace cenote::auth
