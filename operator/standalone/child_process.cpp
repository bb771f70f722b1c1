#include "operator/standalone/child_process.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

extern char** environ;  // NOLINT: POSIX

namespace cenote::standalone {
namespace {

// glibc 2.36 declares pidfd_open without extern "C".
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)); }

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        out.push_back(text.data());
    }
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
    std::vector<std::string> out;
    for (char** at = environ; *at != nullptr; ++at) {
        const std::string_view entry = *at;
        const auto same_name = [&entry](const std::string& other) {
            return entry.substr(0, entry.find('=')) == std::string_view(other).substr(0, other.find('='));
        };
        if (std::none_of(added.begin(), added.end(), same_name)) {
            out.emplace_back(entry);
        }
    }
    out.insert(out.end(), added.begin(), added.end());
    return out;
}

/// After fork in a program with threads: only async-signal-safe calls.
[[noreturn]] void become(pid_t parent, char* const* argv, char* const* environment, int report) noexcept {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int signal = 1; signal < NSIG; ++signal) {
        ::signal(signal, SIG_DFL);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == parent) {
        ::execvpe(argv[0], argv, environment);
    }
    const int reason = errno;
    static_cast<void>(::write(report, &reason, sizeof reason) != 0);
    ::_exit(127);
}

}  // namespace

std::string ExitStatus::text() const {
    return signal != 0 ? fmt::format("killed by signal {}", signal) : fmt::format("exit code {}", code);
}

Result<ChildProcess> ChildProcess::start(const ProcessSpec& spec) {
    std::vector<std::string> arguments = spec.argv;
    std::vector<std::string> environment = environment_with(spec.environment);
    const std::vector<char*> argv = pointers_to(arguments);
    const std::vector<char*> envp = pointers_to(environment);
    int report[2] = {-1, -1};  // closed by a successful exec, else carries errno
    if (argv.front() == nullptr || ::pipe2(report, O_CLOEXEC) != 0) {
        return Error{"cannot start a process"};
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(parent, argv.data(), envp.data(), report[1]);
    }
    const int fork_error = errno;
    ::close(report[1]);
    if (pid < 0) {
        ::close(report[0]);
        return Error{fmt::format("fork: {}", std::strerror(fork_error))};
    }
    int reason = 0;
    ssize_t n = 0;
    do {
        n = ::read(report[0], &reason, sizeof reason);
    } while (n < 0 && errno == EINTR);
    ::close(report[0]);
    ChildProcess child(pid, open_pidfd(pid));
    if (n == static_cast<ssize_t>(sizeof reason)) {
        return Error{fmt::format("cannot run {}: {}", spec.argv.front(), std::strerror(reason))};
    }
    if (child.fd_ < 0) {
        return Error{fmt::format("pidfd_open: {}", std::strerror(errno))};
    }
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)), exit_(other.exit_) {}

ChildProcess::~ChildProcess() {
    if (pid_ > 0 && !exit_) {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
    }
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void ChildProcess::send(int signal) const noexcept {
    if (pid_ > 0 && !exit_) {
        ::kill(pid_, signal);
    }
}

std::optional<ExitStatus> ChildProcess::reap() {
    int status = 0;
    if (!exit_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_ = WIFSIGNALED(status) ? ExitStatus{128 + WTERMSIG(status), WTERMSIG(status)} : ExitStatus{WEXITSTATUS(status), 0};
    }
    return exit_;
}

}  // namespace cenote::standalone
