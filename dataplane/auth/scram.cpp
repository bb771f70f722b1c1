#include "dataplane/auth/scram.hpp"

#include "dataplane/auth/crypto.hpp"
#include "dataplane/auth/saslprep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace cenote::auth {
namespace {

Error malformed(std::string_view why) { return Error{fmt::format("malformed SCRAM message ({})", why)}; }

// RFC 5802 "printable": what nonces are made of.
bool is_nonce(std::string_view text) {
    return !text.empty() && text.size() <= kMaxScramNonce &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e && c != ','; });
}

std::optional<int> parse_iterations(std::string_view text, int limit) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > limit) {
        return std::nullopt;
    }
    return value;
}

std::optional<ScramKey> parse_key(std::string_view base64) {
    // 32 bytes are 44 characters; nothing longer is worth decoding.
    if (base64.size() != 44) {
        return std::nullopt;
    }
    const auto decoded = base64_decode(base64);
    ScramKey key{};
    if (!decoded || decoded->size() != key.size()) {
        return std::nullopt;
    }
    std::copy(decoded->begin(), decoded->end(), key.begin());
    return key;
}

// Takes "x=value" off the front of rest, and the comma behind it.
Result<std::string_view> take_attribute(std::string_view& rest, char name) {
    if (rest.size() < 2 || rest[0] != name || rest[1] != '=') {
        return malformed(fmt::format("attribute \"{}\" expected", name));
    }
    const std::size_t comma = rest.find(',');
    std::string_view value = rest.substr(2, comma == std::string_view::npos ? comma : comma - 2);
    if (value.find('\0') != std::string_view::npos) {
        return malformed("a zero byte");
    }
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    return value;
}

}  // namespace

std::optional<ScramVerifier> parse_verifier(std::string_view text) {
    const std::string prefix = std::string(kScramMechanism) + "$";
    if (text.substr(0, prefix.size()) != prefix) {
        return std::nullopt;
    }
    text.remove_prefix(prefix.size());
    const std::size_t colon = text.find(':');
    const std::size_t dollar = text.find('$');
    const std::size_t second_colon = text.rfind(':');
    if (colon == std::string_view::npos || dollar == std::string_view::npos || colon >= dollar || second_colon < dollar) {
        return std::nullopt;
    }
    const auto iterations = parse_iterations(text.substr(0, colon), std::numeric_limits<int>::max());
    const auto salt = base64_decode(text.substr(colon + 1, dollar - colon - 1));
    const auto stored_key = parse_key(text.substr(dollar + 1, second_colon - dollar - 1));
    const auto server_key = parse_key(text.substr(second_colon + 1));
    if (!iterations || !salt || salt->empty() || salt->size() > kMaxScramSalt || !stored_key || !server_key) {
        return std::nullopt;
    }
    return ScramVerifier{*iterations, *salt, *stored_key, *server_key};
}

std::string write_verifier(const ScramVerifier& verifier) {
    return fmt::format(
        "{}${}:{}${}:{}", kScramMechanism, verifier.iterations, base64_encode(verifier.salt), base64_encode(verifier.stored_key),
        base64_encode(verifier.server_key)
    );
}

ScramKeys derive_keys(std::string_view password, std::string_view salt, int iterations) {
    const Digest256 salted = pbkdf2_sha256(saslprep(password), salt, iterations);
    ScramKeys keys;
    keys.client_key = hmac_sha256(salted, "Client Key");
    keys.stored_key = sha256(keys.client_key);
    keys.server_key = hmac_sha256(salted, "Server Key");
    return keys;
}

ScramKey stored_key_of(const ScramKey& client_key) { return sha256(client_key); }

Result<ClientFirst> parse_client_first(std::string_view message) {
    if (message.size() > kMaxScramMessage) {
        return malformed("too long");
    }
    if (message.size() < 3) {
        return malformed("too short");
    }
    if (message[0] == 'p') {
        return Error{"the client wants SCRAM channel binding, which was not offered"};
    }
    if (message[0] != 'n' && message[0] != 'y') {
        return malformed("unexpected channel-binding flag");
    }
    if (message[1] != ',') {
        return malformed("comma expected after the channel-binding flag");
    }
    if (message[2] != ',') {
        return Error{"the client wants a SCRAM authorization identity, which is not supported"};
    }
    ClientFirst first;
    first.gs2_header = message.substr(0, 3);
    std::string_view rest = message.substr(3);
    first.bare = rest;
    if (rest.substr(0, 2) == "m=") {
        return Error{"the client requires an unsupported SCRAM extension"};
    }
    // The name is not looked at: the user is the one of the StartupMessage, as in PostgreSQL.
    if (auto name = take_attribute(rest, 'n'); !name) {
        return std::move(name).error();
    }
    auto nonce = take_attribute(rest, 'r');
    if (!nonce) {
        return std::move(nonce).error();
    }
    if (!is_nonce(*nonce)) {
        return malformed("the nonce is empty, too long or not printable");
    }
    first.nonce = *nonce;
    return first;
}

Result<ServerFirst> parse_server_first(std::string_view message) {
    if (message.size() > kMaxScramMessage) {
        return malformed("too long");
    }
    if (message.substr(0, 2) == "m=") {
        return Error{"the server requires an unsupported SCRAM extension"};
    }
    auto nonce = take_attribute(message, 'r');
    if (!nonce) {
        return std::move(nonce).error();
    }
    if (!is_nonce(*nonce)) {
        return malformed("the nonce is empty, too long or not printable");
    }
    auto encoded_salt = take_attribute(message, 's');
    if (!encoded_salt) {
        return std::move(encoded_salt).error();
    }
    const auto salt = base64_decode(*encoded_salt);
    if (!salt || salt->empty() || salt->size() > kMaxScramSalt) {
        return malformed("invalid salt");
    }
    auto count = take_attribute(message, 'i');
    if (!count) {
        return std::move(count).error();
    }
    const auto iterations = parse_iterations(*count, std::numeric_limits<int>::max());
    if (!iterations) {
        return malformed("invalid iteration count");
    }
    if (*iterations > kMaxScramIterations) {
        return Error{fmt::format("the server asks for {} SCRAM iterations; more than {} are not done", *iterations, kMaxScramIterations)};
    }
    if (!message.empty()) {
        return malformed("garbage at the end of server-first-message");
    }
    return ServerFirst{std::string(*nonce), *salt, *iterations};
}

Result<ClientFinal> parse_client_final(std::string_view message) {
    if (message.size() > kMaxScramMessage) {
        return malformed("too long");
    }
    const std::size_t proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) {
        return malformed("proof expected");
    }
    ClientFinal final;
    const auto proof = parse_key(message.substr(proof_at + 3));
    if (!proof) {
        return malformed("invalid proof");
    }
    final.proof = *proof;
    std::string_view rest = message.substr(0, proof_at);
    final.without_proof = rest;
    auto binding = take_attribute(rest, 'c');
    if (!binding) {
        return std::move(binding).error();
    }
    auto decoded = base64_decode(*binding);
    if (!decoded) {
        return malformed("invalid channel binding");
    }
    final.channel_binding = std::move(*decoded);
    auto nonce = take_attribute(rest, 'r');
    if (!nonce) {
        return std::move(nonce).error();
    }
    final.nonce = *nonce;
    return final;
}

Result<ScramKey> parse_server_final(std::string_view message) {
    if (message.size() > kMaxScramMessage) {
        return malformed("too long");
    }
    if (message.substr(0, 2) == "e=") {
        // The peer's text goes to our log: bounded, and printable only.
        std::string text(message.substr(2, 100));
        std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
        return Error{fmt::format("error from the server in the SCRAM exchange: {}", text)};
    }
    auto encoded = take_attribute(message, 'v');
    if (!encoded) {
        return std::move(encoded).error();
    }
    if (!message.empty()) {
        return malformed("garbage at the end of server-final-message");
    }
    const auto signature = parse_key(*encoded);
    if (!signature) {
        return malformed("invalid server signature");
    }
    return *signature;
}

ScramKey client_signature(const ScramKey& stored_key, std::string_view message) { return hmac_sha256(stored_key, message); }

ScramKey server_signature(const ScramKey& server_key, std::string_view message) { return hmac_sha256(server_key, message); }

ScramKey exclusive_or(const ScramKey& a, const ScramKey& b) {
    ScramKey out{};
    std::transform(a.begin(), a.end(), b.begin(), out.begin(), [](std::uint8_t x, std::uint8_t y) {
        return static_cast<std::uint8_t>(x ^ y);
    });
    return out;
}

std::string auth_message(std::string_view client_first_bare, std::string_view server_first, std::string_view client_final_without_proof) {
    return fmt::format("{},{},{}", client_first_bare, server_first, client_final_without_proof);
}

}  // namespace cenote::auth
