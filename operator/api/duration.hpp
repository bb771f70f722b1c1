// metav1.Duration's text, as far as whole milliseconds: "60s", "1m30s", "500ms". Pure.
#pragma once

#include "dataplane/base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace cenote::api {

/// Units h, m, s, ms; each amount a whole number; at most a year in sum.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration reads back: whole seconds as "90s", else "1500ms".
[[nodiscard]] std::string write_duration(std::chrono::milliseconds duration);

}  // namespace cenote::api
