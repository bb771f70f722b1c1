// The fingerprint of a file's bytes: what /status reports and the operator compares to know that a pod runs what it was given. One
// function for both sides. Pure.
#pragma once

#include <string>
#include <string_view>

namespace cenote::config {

/// SHA-256 in lower-case hex.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace cenote::config
