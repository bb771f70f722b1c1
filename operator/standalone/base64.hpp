// RFC 4648 base64, as Secrets' data has it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cenote::standalone {

[[nodiscard]] std::string encode_base64(std::string_view bytes);
/// Blanks and line ends are skipped; anything else foreign is refused.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace cenote::standalone
