#include "dataplane/base/log_sink.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cenote::log {

LogSink::LogSink(Notice notice, std::size_t capacity) : notice_(std::move(notice)), capacity_(capacity) {}

LogSink::~LogSink() {
    stop();
    for (const int fd : {fd_, wake_fd_}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
}

void LogSink::redirect(int descriptor) {
    struct stat about{};
    Kind kind = Kind::kNone;
    int source = descriptor;
    int own = -1;
    if (descriptor >= 0 && ::fstat(descriptor, &about) == 0) {
        if (S_ISREG(about.st_mode)) {
            kind = Kind::kFile;
        } else if (S_ISSOCK(about.st_mode)) {
            kind = Kind::kSocket;
        } else {
            // O_NONBLOCK belongs to the open file, which the error stream shares with whoever started us: so one of our own.
            own = ::open(fmt::format("/proc/self/fd/{}", descriptor).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
            kind = own >= 0 ? Kind::kNonBlocking : Kind::kForeign;
            source = own >= 0 ? own : descriptor;
        }
    }
    if (kind == Kind::kNone) {
        source = own = ::open("/dev/null", O_WRONLY | O_CLOEXEC);  // lets go of the file there was
    }
    const std::lock_guard lock(mutex_);
    if (kind != Kind::kNone || fd_ >= 0) {
        if (fd_ < 0) {
            fd_ = ::fcntl(source, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        } else {
            ::dup3(source, fd_, O_CLOEXEC);
        }
    }
    if (own >= 0) {
        ::close(own);
    }
    kind_ = fd_ < 0 ? Kind::kNone : kind;
    drain();
    wake();
}

// Takes off the text what was written. Waits only for a disk.
LogSink::Outcome LogSink::try_write(std::string_view& text) const {
    const Kind kind = kind_;
    if (kind == Kind::kNone) {
        return Outcome::kBroken;
    }
    while (!text.empty()) {
        ssize_t count = 0;
        if (kind == Kind::kSocket) {
            count = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        } else if (kind == Kind::kForeign) {
            pollfd ready{fd_, POLLOUT, 0};
            if (::poll(&ready, 1, 0) == 0) {
                return Outcome::kFull;
            }
            count = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        } else {
            count = ::write(fd_, text.data(), text.size());
        }
        if (count > 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (count < 0 && errno == EAGAIN) {
            return Outcome::kFull;
        } else if (count == 0 || errno != EINTR) {
            return Outcome::kBroken;
        }
    }
    return Outcome::kDone;
}

void LogSink::write(std::string_view line) {
    // The kernel puts appends one behind the other: no lock, so a slow disk holds up only who writes to it.
    if (kind_ == Kind::kNone || (kind_ == Kind::kFile && write_to_file(line))) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!queue_.empty()) {
        queue(line);
        return;
    }
    const auto size = line.size();
    const auto outcome = lost_ == 0 ? try_write(line) : Outcome::kFull;
    if (outcome == Outcome::kDone) {
        return;
    }
    if (outcome == Outcome::kBroken) {
        lose(1);
        return;
    }
    if (line.size() < size) {
        queued_bytes_ += line.size();
        queue_.emplace_back(line);  // begun is to be ended, whatever the bound
    } else {
        queue(line);
        drain();
    }
    if (!queue_.empty() && !writer_.joinable() && !stopping_) {
        wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        writer_ = std::thread([this] { run(); });
    }
    changed_.notify_all();
}

// False if it is no file any more.
bool LogSink::write_to_file(std::string_view line) {
    std::string whole;
    const auto lost = lost_.exchange(0);
    if (lost > 0) {  // the disk was full; what was begun then has no end
        whole = (torn_.exchange(false) ? "\n" : "") + notice_(lost) + std::string(line);
        line = whole;
    }
    const auto size = line.size();
    const auto outcome = try_write(line);
    if (outcome == Outcome::kBroken) {
        torn_ = torn_ || line.size() < size;
        lose(1);
        lost_ += lost;
    }
    return outcome != Outcome::kFull;
}

void LogSink::lose(std::uint64_t lines) {
    lost_ += lines;
    lost_in_all_ += lines;
}

void LogSink::queue(std::string_view text) {
    dropping_ = dropping_ ? queued_bytes_ > capacity_ / 2 : queued_bytes_ + text.size() > capacity_;
    if (dropping_) {
        lose(1);
        return;
    }
    note_losses();
    queued_bytes_ += text.size();
    queue_.emplace_back(text);
}

void LogSink::note_losses() {
    if (const auto lost = lost_.exchange(0); lost > 0) {
        auto text = notice_(lost);
        queued_bytes_ += text.size();
        queue_.push_back(std::move(text));
    }
}

// As much as the sink takes now.
void LogSink::drain() {
    while (!queue_.empty()) {
        std::string_view rest = queue_.front();
        const auto size = rest.size();
        const auto outcome = try_write(rest);
        queued_bytes_ -= size - rest.size();
        if (outcome == Outcome::kFull) {
            queue_.front().erase(0, size - rest.size());
            return;
        }
        if (outcome == Outcome::kBroken) {
            lose(queue_.size());
            queue_.clear();
            queued_bytes_ = 0;
            return;
        }
        queue_.pop_front();
        if (queue_.empty()) {
            note_losses();
        }
    }
}

void LogSink::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        drain();
        if (queue_.empty()) {
            changed_.notify_all();
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            continue;
        }
        lock.unlock();
        std::array<pollfd, 2> waited{pollfd{fd_, POLLOUT, 0}, pollfd{wake_fd_, POLLIN, 0}};
        ::poll(waited.data(), waited.size(), -1);
        std::uint64_t count = 0;
        static_cast<void>(::read(wake_fd_, &count, sizeof count));
        lock.lock();
    }
}

void LogSink::wake() {
    changed_.notify_all();
    if (wake_fd_ >= 0) {
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake_fd_, &one, sizeof one));
    }
}

void LogSink::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake();
    }
    if (writer_.joinable()) {
        writer_.join();
    }
}

bool LogSink::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return queue_.empty(); });
}

}  // namespace cenote::log
