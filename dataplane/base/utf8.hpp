// What is UTF-8 and what is not (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <string_view>

namespace cenote {

/// How many bytes from `at` are one code point; 0 when they are none. REQUIRES: at < text.size().
[[nodiscard]] std::size_t code_point_length(std::string_view text, std::size_t at);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace cenote
