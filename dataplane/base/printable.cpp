#include "dataplane/base/printable.hpp"

#include "dataplane/base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace cenote {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

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
