// Logging in PgBouncer's line shape: "2026-01-31 12:00:00.123 UTC [pid] LEVEL text". Any thread; one write a line. Never called on a
// query's path.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace cenote::log {

enum class Level { kFatal, kError, kWarning, kLog, kDebug };

/// verbose: 0 hides kDebug. quiet: nothing on the error stream. file: "" = the error stream only. Call before threads start, and on reload.
void configure(int verbose, bool quiet, std::string_view file);
[[nodiscard]] bool enabled(Level level) noexcept;
void write(Level level, std::string_view text);

template <class... Args>
void fatal(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::kFatal, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::kError, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::kWarning, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::kLog, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> text, Args&&... args) {
    if (enabled(Level::kDebug)) {
        write(Level::kDebug, fmt::format(text, std::forward<Args>(args)...));
    }
}

}  // namespace cenote::log
