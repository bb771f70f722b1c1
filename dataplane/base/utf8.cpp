#include "dataplane/base/utf8.hpp"

#include <cstdint>

namespace cenote {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// What a first byte promises; 0 for one that begins nothing.
std::size_t length_by(std::uint8_t first) {
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4) {
        return 0;
    }
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

// No overlong forms, no surrogates, nothing above U+10FFFF.
bool may_follow(std::uint8_t first, std::uint8_t second) {
    switch (first) {
        case 0xE0:
            return second >= 0xA0;
        case 0xED:
            return second <= 0x9F;
        case 0xF0:
            return second >= 0x90;
        case 0xF4:
            return second <= 0x8F;
        default:
            return true;
    }
}

}  // namespace

// Unicode 15, table 3-7.
std::size_t code_point_length(std::string_view text, std::size_t at) {
    const auto first = byte_at(text, at);
    const std::size_t length = length_by(first);
    if (length == 0 || at + length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    return length > 1 && !may_follow(first, byte_at(text, at + 1)) ? 0 : length;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto length = code_point_length(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

}  // namespace cenote
