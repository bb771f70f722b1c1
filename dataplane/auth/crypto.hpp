// The few primitives that authentication needs, over OpenSSL, whose types stop here. Pure but for random_bytes; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cenote::auth {

using Digest256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest256 sha256(std::span<const std::uint8_t> data);
[[nodiscard]] Digest256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view data);
[[nodiscard]] Digest256 pbkdf2_sha256(std::string_view password, std::string_view salt, int iterations);
[[nodiscard]] std::string md5_hex(std::string_view data);
/// "md5" + md5(secret + salt) in hex: PostgreSQL's md5 secret with the user's name as salt, its answer on the wire with the server's salt.
[[nodiscard]] std::string md5_with_salt(std::string_view secret, std::string_view salt);

[[nodiscard]] std::string base64_encode(std::span<const std::uint8_t> data);
[[nodiscard]] std::string base64_encode(std::string_view data);
/// Strict: nothing but the alphabet, right padding, no stray bits. Nothing otherwise.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Takes the same time wherever the first difference lies; lengths may show.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
[[nodiscard]] bool equal_in_constant_time(const Digest256& a, const Digest256& b);

/// Fills the span. Tests pass their own; random_bytes is RAND_bytes, and aborts if the system has no randomness.
using RandomSource = std::function<void(std::span<std::uint8_t>)>;
void random_bytes(std::span<std::uint8_t> out);

}  // namespace cenote::auth
