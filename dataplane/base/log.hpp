// Logging in PgBouncer's line shape: "2026-01-31 12:00:00.123 UTC [pid] LEVEL text". Any thread. A line is in the log when the call
// returns, and the call does not wait for a log that nobody reads (LogSink has the rules). Control characters in the text are written out,
// so no name a client sends makes a line of its own. Never called on a query's path.
#pragma once

#include <fmt/format.h>

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace cenote::log {

enum class Level { kFatal, kError, kWarning, kLog, kDebug };

/// verbose: 0 hides kDebug. quiet: nothing on the error stream. file: "" = the error stream only; otherwise opened anew, as a rotation
/// needs. If it cannot be opened, the log says so and what was open stays in use. Call before threads start, and on reload.
void configure(int verbose, bool quiet, std::string_view file);
/// Whether lines go to a file.
[[nodiscard]] bool has_file() noexcept;
/// Gives the log file to the user this process is about to become, who will have to open it again.
void give_file_to(uid_t user, gid_t group);
/// Waits for what a slow log has not taken yet, no longer than this.
void finish(std::chrono::milliseconds limit);
/// Lines that were lost since the start because the log took no more.
[[nodiscard]] std::uint64_t lost() noexcept;

[[nodiscard]] bool enabled(Level level) noexcept;
void write(Level level, std::string_view text);
/// Several lines of our own making, such as diagnostics: each becomes one of the log.
void write_lines(Level level, std::string_view text);

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
