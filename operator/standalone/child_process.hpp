// One child process: started with a clean signal state, dying with this program, asked to stop, then killed, always reaped. It must be
// started from a thread that lives as long as the program wants the child to: the kernel ties PR_SET_PDEATHSIG to the starting thread.
#pragma once

#include "dataplane/base/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cenote::standalone {

struct ProcessSpec {
    std::vector<std::string> argv;         // argv[0] is looked up in PATH unless it has a slash
    std::vector<std::string> environment;  // NAME=VALUE, added to this program's own
};

/// How it ended.
struct ExitStatus {
    int code = 0;    // exit code, or 128 + signal
    int signal = 0;  // 0 when it exited by itself
    [[nodiscard]] std::string text() const;
};

class ChildProcess {
public:
    /// An error when the program cannot be executed at all.
    [[nodiscard]] static Result<ChildProcess> start(const ProcessSpec& spec);
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    /// Kills and reaps what still runs.
    ~ChildProcess();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Readable once the child has ended.
    [[nodiscard]] int fd() const noexcept { return fd_; }
    void send(int signal) const noexcept;
    /// The exit status once it has ended, the same each time. Never waits.
    [[nodiscard]] std::optional<ExitStatus> reap();

private:
    ChildProcess(pid_t pid, int fd) : pid_(pid), fd_(fd) {}

    pid_t pid_ = -1;
    int fd_ = -1;
    std::optional<ExitStatus> exit_;
};

}  // namespace cenote::standalone
