// The Int32 codes of 'R' messages and the integers in them; shared by both authenticators. Source: PostgreSQL manual, "Message Formats".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::auth {

inline constexpr std::int32_t kAuthOk = 0;
inline constexpr std::int32_t kAuthKerberosV5 = 2;
inline constexpr std::int32_t kAuthCleartextPassword = 3;
inline constexpr std::int32_t kAuthMd5Password = 5;
inline constexpr std::int32_t kAuthScmCredential = 6;
inline constexpr std::int32_t kAuthGss = 7;
inline constexpr std::int32_t kAuthGssContinue = 8;
inline constexpr std::int32_t kAuthSspi = 9;
inline constexpr std::int32_t kAuthSasl = 10;
inline constexpr std::int32_t kAuthSaslContinue = 11;
inline constexpr std::int32_t kAuthSaslFinal = 12;

inline std::string write_int32(std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        out += static_cast<char>(bits >> shift);
    }
    return out;
}

/// Takes four bytes off the front.
inline std::optional<std::int32_t> take_int32(std::string_view& rest) {
    if (rest.size() < 4) {
        return std::nullopt;
    }
    std::uint32_t bits = 0;
    for (const char c : rest.substr(0, 4)) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
    }
    rest.remove_prefix(4);
    return static_cast<std::int32_t>(bits);
}

/// Takes a text and the NUL that ends it off the front.
inline std::optional<std::string_view> take_cstring(std::string_view& rest) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return text;
}

}  // namespace cenote::auth
