// Text of strangers for places where a line is a record: the log.
#pragma once

#include <string>
#include <string_view>

namespace cenote {

/// The text with everything that could end a line, move a terminal's cursor or upset a reader written out: control characters as \n, \r,
/// \t or \xNN, and each byte that is no valid UTF-8 as \xNN. Other text, a backslash too, stays as it is.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace cenote
