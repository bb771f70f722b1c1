// The version, in one place for --version, SHOW VERSION, /status and the build information metric.
#pragma once

namespace cenote::app {

inline constexpr const char* kVersion = "0.1.0";
inline constexpr const char* kVersionLine = "Cenote 0.1.0";

}  // namespace cenote::app
