// One thread's readiness: a level-triggered epoll set, and a mailbox that other threads write to. The sockets of clients and servers live
// here and not in an io_context: measured, that is what a transaction's cost hangs on (architecture.md, "Readiness").
// All of it belongs to the worker's thread, save post().
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/net/socket.hpp"

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace cenote::worker {

enum class Watched : std::uint8_t { kNone, kClient, kServer, kCancel };

class EventLoop {
public:
    using Task = std::function<void()>;

    EventLoop();

    void add(int fd, Watched kind, void* object, std::uint32_t events);
    void modify(int fd, std::uint32_t events);
    /// Events of this descriptor that are already collected are dropped too.
    void remove(int fd);

    /// Any thread: run this soon on the worker's thread.
    void post(Task task);

    struct Event {
        Watched kind = Watched::kNone;
        void* object = nullptr;
        std::uint32_t events = 0;
    };
    /// Collects events, at most until `deadline`; then next() gives them one by one.
    void wait(TimePoint deadline);
    [[nodiscard]] bool next(Event& event);
    /// Runs what was posted.
    void run_tasks();

private:
    struct Entry {
        void* object = nullptr;
        std::uint32_t generation = 0;  // tells a descriptor from its number's next owner
        Watched kind = Watched::kNone;
    };
    static constexpr int kBatch = 256;

    net::Fd epoll_;
    net::Fd wake_;
    std::vector<Entry> entries_;  // by descriptor
    std::vector<epoll_event> batch_;
    int collected_ = 0;
    int given_ = 0;
    std::mutex mutex_;
    std::vector<Task> tasks_;  // guarded by mutex_
    std::vector<Task> running_;
};

}  // namespace cenote::worker
