// The io_uring engine of a Loop. One system call a turn: wait() submits all that was asked for since the last one and collects what has
// come. Bytes arrive by receives that stay in the kernel and take buffers the ring lends; sends are gathered in Stream::out and submitted
// together. So a call here says how things should be (a Slot's flags), and settle() brings the kernel there at the next wait().
//
// A stream whose receives fill their buffers carries large messages. It is asked for readiness instead, and next() reads it into one large
// buffer that all such streams share: memory does not grow with their number, and a pause leaves the bytes in the socket.
//
// A slot is a stream's place on the loop. It outlives the stream until the kernel has answered everything that was asked in its name, and
// only then is used again: a completion can not reach the wrong stream, and what the kernel still reads is never freed.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/io/buffer_shelf.hpp"
#include "dataplane/io/event.hpp"
#include "dataplane/net/socket.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::io {

class UringRing;

class UringEngine {
public:
    explicit UringEngine(BufferShelf& shelf);
    ~UringEngine();
    UringEngine(const UringEngine&) = delete;
    UringEngine& operator=(const UringEngine&) = delete;

    /// False: the kernel refused the ring, nothing else may be called.
    [[nodiscard]] bool usable() const noexcept { return ring_ != nullptr; }

    [[nodiscard]] bool add(Stream& stream);
    [[nodiscard]] bool leave(Stream& stream);
    void close(Stream& stream);
    void pause(Stream& stream, Paused watch);
    void resume(Stream& stream);
    void send(Stream& stream, std::string_view bytes);
    [[nodiscard]] bool sending(const Stream& stream) const { return stream.out || slots_[stream.index].sending; }
    [[nodiscard]] bool congested(const Stream& stream) const;
    void finish_sending(Stream& stream);
    bool wait(TimePoint deadline);
    [[nodiscard]] bool next(Event& event);
    void wake();

private:
    // What the kernel has been asked and has not answered for good; the low bits of a completion's user data say which it answers.
    enum Asked : std::uint8_t { kReceive = 1, kSend = 2, kCancel = 4, kWatch = 8 };
    static constexpr unsigned kAskedBits = 4;

    struct Slot {
        Stream* stream = nullptr;              // null: free, or closed with answers to come
        std::unique_ptr<std::string> sending;  // the kernel reads it
        std::size_t sent = 0;                  // of `sending`
        int fd = -1;                           // closed with the slot
        std::uint8_t asked = 0;
        std::uint8_t bulk = 0;          // receives left until the stream counts as one of small messages again
        bool large : 1 = false;         // what is asked as kReceive is readiness only; next() reads
        bool queued : 1 = false;        // in todo_
        bool ready : 1 = false;         // in ready_
        bool finish : 1 = false;        // shut down for writing when all is sent
        bool leaving : 1 = false;       // kLeft when nothing is asked any more
        bool watch_end : 1 = false;     // paused with Paused::kWatchEnd
        bool ended : 1 = false;         // a receive saw the end
        bool hung_up : 1 = false;       // the watch saw the end, and it was told
        bool raced : 1 = false;         // Stream::in holds bytes that came after a pause and were not told
        bool cancel_by_fd : 1 = false;  // the kernel did not find the receive by its user data
    };
    struct Lent {
        std::uint16_t id = 0;
        bool any = false;
    };

    void look_at(std::uint32_t index);
    void make_ready(std::uint32_t index);
    void settle(std::uint32_t index);
    void ask_receive(std::uint32_t index);
    void ask_send(std::uint32_t index);
    void ask_cancel(std::uint32_t index, Asked what);
    void ask_watch(std::uint32_t index);
    void release(std::uint32_t index);
    void give_back();
    [[nodiscard]] bool received(std::uint32_t index, std::int32_t result, std::uint32_t flags, Event& event);
    [[nodiscard]] bool sent(std::uint32_t index, std::int32_t result, Event& event);
    [[nodiscard]] bool answered(std::uint32_t index, Event& event);
    [[nodiscard]] bool tell_ready(Event& event);

    BufferShelf& shelf_;
    net::Fd wake_;
    std::unique_ptr<UringRing> ring_;
    bool enabled_ = false;
    std::atomic<bool> woken_ = false;
    Lent lent_;                // the buffer that the last event viewed
    std::vector<char> bulk_;   // one a worker, for all its reads of large messages; empty until there is one
    std::vector<Slot> slots_;  // by Stream::index; slot 0 is the wake-up
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> todo_;     // slots whose wishes the kernel does not know yet
    std::vector<std::uint32_t> settled_;  // todo_ of the turn that is being submitted
    std::vector<std::uint32_t> starved_;  // slots whose receive found no buffer, oldest first
    std::vector<std::uint32_t> ready_;    // slots with something to tell that no completion will
    std::size_t told_ = 0;                // of ready_
};

}  // namespace cenote::io
