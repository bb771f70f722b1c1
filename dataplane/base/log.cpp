#include "dataplane/base/log.hpp"

#include "dataplane/base/log_sink.hpp"
#include "dataplane/base/printable.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <string>

namespace cenote::log {
namespace {

constexpr mode_t kFileMode = 0600;

std::atomic<int> g_verbose{0};
std::atomic<bool> g_quiet{false};

constexpr std::array<std::string_view, 5> kLevelNames{"FATAL", "ERROR", "WARNING", "LOG", "DEBUG"};

std::string_view name_of(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::string line_of(Level level, std::string_view text) {
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} UTC [{}] {} {}\n", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
        utc.tm_min, utc.tm_sec, millis, ::getpid(), name_of(level), printable(text)
    );
}

std::string notice(std::uint64_t lost) {
    return line_of(Level::kWarning, fmt::format("{} log lines were lost here: the log took no more", lost));
}

struct Sinks {
    LogSink errors{notice};
    LogSink file{notice};

    Sinks() { errors.redirect(STDERR_FILENO); }
};

// Never destroyed: whatever ends last may still log.
Sinks& sinks() {
    static auto& all = *new Sinks;
    return all;
}

}  // namespace

void configure(int verbose, bool quiet, std::string_view file) {
    g_verbose = verbose;
    g_quiet = quiet;
    auto& sink = sinks().file;
    if (file.empty()) {
        sink.redirect(-1);
        return;
    }
    const std::string path(file);
    // O_NONBLOCK: a named pipe without a reader is an error, not a process that hangs.
    const int fresh = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, kFileMode);
    if (fresh < 0) {
        error("cannot open logfile {}: {}; lines go where they went before", path, std::strerror(errno));
        return;
    }
    sink.redirect(fresh);
    ::close(fresh);
}

bool has_file() noexcept { return sinks().file.descriptor() >= 0; }

void give_file_to(uid_t user, gid_t group) {
    if (const int fd = sinks().file.descriptor(); fd >= 0 && ::fchown(fd, user, group) != 0) {
        warning("cannot give the logfile to user {}: {}; it may not be opened again after a rotation", user, std::strerror(errno));
    }
}

void finish(std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (auto* sink : {&sinks().errors, &sinks().file}) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        static_cast<void>(sink->flush(std::max(left, std::chrono::milliseconds(0))));
    }
}

std::uint64_t lost() noexcept { return sinks().errors.lost() + sinks().file.lost(); }

bool enabled(Level level) noexcept { return level != Level::kDebug || g_verbose.load(std::memory_order_relaxed) > 0; }

void write(Level level, std::string_view text) {
    if (!enabled(level)) {
        return;
    }
    const auto line = line_of(level, text);
    if (!g_quiet) {
        sinks().errors.write(line);
    }
    sinks().file.write(line);
}

void write_lines(Level level, std::string_view text) {
    while (!text.empty()) {
        const auto end = text.find('\n');
        write(level, text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

}  // namespace cenote::log
