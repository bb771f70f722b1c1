#include "operator/kube/base64.hpp"

#include <array>
#include <cstdint>

namespace cenote::kube {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}

constexpr auto kValues = make_values();

}  // namespace

std::string encode_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += i + k <= bytes.size() ? kAlphabet[group >> (18U - 6U * k) & 63U] : '=';
        }
    }
    return out;
}

Result<std::string> decode_base64(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    unsigned digits = 0;
    unsigned padding = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            continue;
        }
        const int value = kValues[static_cast<unsigned char>(c)];
        if (c == '=' ? ++padding > 2 : (value < 0 || padding > 0)) {
            return Error{"not base64"};
        }
        if (c == '=') {
            continue;
        }
        group = group << 6U | static_cast<std::uint32_t>(value);
        if (++digits % 4 == 0) {
            out += static_cast<char>(group >> 16U & 255U);
            out += static_cast<char>(group >> 8U & 255U);
            out += static_cast<char>(group & 255U);
            group = 0;
        }
    }
    const unsigned rest = digits % 4;
    if (rest == 1 || (padding > 0 && rest + padding != 4)) {
        return Error{"not base64: its end is missing"};
    }
    if (rest >= 2) {
        group <<= 6U * (4 - rest);
        out += static_cast<char>(group >> 16U & 255U);
        if (rest == 3) {
            out += static_cast<char>(group >> 8U & 255U);
        }
    }
    return out;
}

}  // namespace cenote::kube
