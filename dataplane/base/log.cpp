#include "dataplane/base/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <string>

namespace cenote::log {
namespace {

std::atomic<int> g_verbose{0};
std::atomic<bool> g_quiet{false};
std::atomic<int> g_file{-1};

std::string_view name_of(Level level) {
    static constexpr std::array<std::string_view, 5> kNames{"FATAL", "ERROR", "WARNING", "LOG", "DEBUG"};
    return kNames[static_cast<std::size_t>(level)];
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n <= 0) {
            return;  // a full or closed log must not stop the service
        }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace

void configure(int verbose, bool quiet, std::string_view file) {
    g_verbose = verbose;
    g_quiet = quiet;
    const int fresh = file.empty() ? -1 : ::open(std::string(file).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int old = g_file.exchange(fresh);
    if (old >= 0) {
        ::close(old);
    }
}

bool enabled(Level level) noexcept { return level != Level::kDebug || g_verbose.load(std::memory_order_relaxed) > 0; }

void write(Level level, std::string_view text) {
    if (!enabled(level)) {
        return;
    }
    const auto now = std::chrono::system_clock::now();
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    const std::string line = fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} UTC [{}] {} {}\n", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
        utc.tm_min, utc.tm_sec, millis, ::getpid(), name_of(level), text
    );
    if (!g_quiet) {
        write_all(STDERR_FILENO, line);
    }
    if (const int fd = g_file; fd >= 0) {
        write_all(fd, line);
    }
}

}  // namespace cenote::log
