#include "dataplane/base/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace cenote {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

// How many bytes from `at` are one valid code point; 0 when they are none. (Unicode 15, table 3-7.)
std::size_t code_point_length(std::string_view text, std::size_t at) {
    const auto first = byte_at(text, at);
    const std::size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || at + length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    const auto second = length > 1 ? byte_at(text, at + 1) : 0;
    const bool too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool no_character = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
    return too_long || no_character ? 0 : length;
}

// U+0080 to U+009F: terminals take some of them for commands.
bool is_c1_control(std::string_view text, std::size_t at) { return byte_at(text, at) == 0xC2 && byte_at(text, at + 1) < 0xA0; }

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint8_t>(c));
    }
}

}  // namespace

std::string printable(std::string_view text) {
    const auto odd = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
    std::string out(text.substr(0, odd));
    for (std::size_t at = odd; at < text.size();) {
        if (is_plain(text[at])) {
            out += text[at++];
            continue;
        }
        const auto length = code_point_length(text, at);
        if (length > 1 && !is_c1_control(text, at)) {
            out += text.substr(at, length);
            at += length;
            continue;
        }
        for (const char c : text.substr(at, std::max<std::size_t>(length, 1))) {
            append_escaped(out, c);
        }
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

}  // namespace cenote
