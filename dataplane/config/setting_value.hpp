// One value of the configuration: text -> number, time, list, and back, by PgBouncer's rules (libusual, cfparser.c). Errors say what was
// wrong with the value, without its setting's name.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {

/// Decimal, 0octal or 0xhex, as strtol with base 0.
[[nodiscard]] Result<std::int64_t> parse_integer(std::string_view text);
/// An integer (0 = off), or on, off, true, false, yes, no.
[[nodiscard]] Result<bool> parse_flag(std::string_view text);
/// Seconds, with a fraction or an exponent if wanted. PgBouncer knows no unit suffixes, so a value like "5min" is refused rather than
/// guessed.
[[nodiscard]] Result<Microseconds> parse_seconds(std::string_view text);
/// Names separated by commas; spaces around them do not count.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);

/// 5, 0.5, 3600: as short as it can be.
[[nodiscard]] std::string seconds_text(Microseconds value);
[[nodiscard]] std::string list_text(const std::vector<std::string>& names);

[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string to_lower(std::string_view text);

}  // namespace cenote::config
