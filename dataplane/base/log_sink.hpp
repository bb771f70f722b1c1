// Where log lines go: a file, a pipe, a socket or a terminal. Owned by the log; any thread may write.
//
// A line is written before write() returns whenever the sink can take it. A sink that cannot (a pipe that nobody empties) holds up no
// caller: its lines wait in a bounded queue, which a thread of the sink's own empties as soon as it can. When the queue is full, lines are
// dropped and counted, and a line that says how many follows the last one that was kept. Nothing else is ever dropped, doubled, merged or
// put out of order. Plain files always take what they are given.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace cenote::log {

class LogSink {
public:
    /// Makes the line that tells of lines that were lost.
    using Notice = std::function<std::string(std::uint64_t lost)>;

    /// capacity: bytes that may wait.
    explicit LogSink(Notice notice, std::size_t capacity = kCapacity);
    /// Lines that the sink does not take are lost.
    ~LogSink();
    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;

    /// Lines go to what this descriptor names from now on; the descriptor itself is copied onto a number that stays the sink's for good,
    /// so a line that is being written meanwhile goes to the old or the new one and nowhere else. -1: to nothing.
    void redirect(int descriptor);

    /// A whole line with its end.
    void write(std::string_view line);

    /// False if lines still wait when the time is over.
    bool flush(std::chrono::milliseconds limit);

    /// The descriptor lines are written to, -1 if none.
    [[nodiscard]] int descriptor() const noexcept { return kind_ == Kind::kNone ? -1 : fd_; }
    /// Lines lost since the start.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_in_all_; }

private:
    // kFile never waits for a reader. kNonBlocking is an open file of our own, so that no one else's is changed. kSocket and kForeign are
    // shared with others who may expect them to block: the first is told per call not to, the second is asked before.
    enum class Kind : std::uint8_t { kNone, kFile, kNonBlocking, kSocket, kForeign };
    enum class Outcome : std::uint8_t { kDone, kFull, kBroken };
    static constexpr std::size_t kCapacity = 1U << 20U;

    [[nodiscard]] Outcome try_write(std::string_view& text) const;
    [[nodiscard]] bool write_to_file(std::string_view line);
    void lose(std::uint64_t lines);
    void queue(std::string_view text);
    void note_losses();
    void drain();
    void run();
    void wake();
    void stop();

    const Notice notice_;
    const std::size_t capacity_;
    int fd_ = -1;  // once open, the same number until the end
    std::atomic<Kind> kind_{Kind::kNone};
    std::atomic<std::uint64_t> lost_in_all_{0};
    std::atomic<std::uint64_t> lost_{0};  // and not told of yet
    std::atomic<bool> torn_{false};       // a full disk took the beginning of a line only

    std::mutex mutex_;  // never held while waiting for the sink
    std::condition_variable changed_;
    std::deque<std::string> queue_;  // the first may be the rest of a line
    std::size_t queued_bytes_ = 0;
    bool dropping_ = false;  // until half of the queue is free again
    bool stopping_ = false;
    int wake_fd_ = -1;
    std::thread writer_;  // from the first line that had to wait
};

}  // namespace cenote::log
