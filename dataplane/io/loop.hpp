// One worker's readiness: the streams it reads and writes, on one of two engines that are chosen once, at start.
//
//   epoll      a level-triggered set; a receive when a socket is readable, a send at once
//   io_uring   bytes arrive by multishot receives into buffers the ring lends, sends are queued and submitted with the wait
//
// Callers see one contract: bytes arrive as events, a send is never refused and never fails at the call (a broken one shows as the
// stream's end), and what is not taken by the kernel is kept in Stream::out. Both engines are concrete; the choice is one predictable
// branch a call. All of it belongs to the worker's thread, save wake().
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/io/epoll_engine.hpp"
#include "dataplane/io/event.hpp"
#include "dataplane/io/uring_engine.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cenote::io {

enum class Engine : std::uint8_t { kEpoll, kUring };
[[nodiscard]] constexpr const char* to_string(Engine engine) { return engine == Engine::kUring ? "io_uring" : "epoll"; }

class Loop {
public:
    explicit Loop(Engine engine);

    /// Takes the stream in, reading. False: the kernel refused (memory, limits); the stream is untouched and its owner ends it.
    [[nodiscard]] bool add(Stream& stream) { return uring_ ? uring_->add(stream) : epoll_->add(stream); }
    /// Takes it off without closing, so that another loop can have it. True: it is off. False: Event::kLeft will say so, and bytes that
    /// arrive meanwhile are appended to Stream::in. REQUIRES: !sending(stream). Either way Stream::in may hold bytes then that no event
    /// told (they raced a pause or the leave): who takes the stream looks at them first, no event of the next loop is for them.
    [[nodiscard]] bool leave(Stream& stream) { return uring_ ? uring_->leave(stream) : epoll_->leave(stream); }
    /// Closes the descriptor; what is in `out` is dropped. No event of it comes any more, its memory may go.
    void close(Stream& stream) { uring_ ? uring_->close(stream) : epoll_->close(stream); }

    /// No bytes are told until resume(). Some may have been received by then: they wait in Stream::in, behind what the owner kept there,
    /// and are told after resume() by Event::kBytes with an empty view, unless the owner took them before (gather(stream, {})).
    void pause(Stream& stream, Paused watch) { uring_ ? uring_->pause(stream, watch) : epoll_->pause(stream, watch); }
    void resume(Stream& stream) { uring_ ? uring_->resume(stream) : epoll_->resume(stream); }

    /// Sends, or keeps for sending, all of `bytes`, in order. They need not outlive the call.
    void send(Stream& stream, std::string_view bytes) { uring_ ? uring_->send(stream, bytes) : epoll_->send(stream, bytes); }
    /// Not everything that was sent has reached the kernel.
    [[nodiscard]] bool sending(const Stream& stream) const { return uring_ ? uring_->sending(stream) : stream.out != nullptr; }
    /// So much waits that its source should pause until Event::kSent.
    [[nodiscard]] bool congested(const Stream& stream) const { return uring_ ? uring_->congested(stream) : stream.out != nullptr; }
    /// No more will be sent: tells the peer once everything has gone. Reading goes on.
    void finish_sending(Stream& stream) { uring_ ? uring_->finish_sending(stream) : epoll_->finish_sending(stream); }

    /// `fresh` behind what the stream kept, as one view; Stream::in is given back. Valid until the next call of gather or next.
    [[nodiscard]] std::string_view gather(Stream& stream, std::string_view fresh);
    /// Keeps what was not consumed.
    void keep(Stream& stream, std::string_view rest);

    /// Collects events, at most until `deadline` (now: does not wait). True: wake() was called.
    bool wait(TimePoint deadline) { return uring_ ? uring_->wait(deadline) : epoll_->wait(deadline); }
    [[nodiscard]] bool next(Event& event) { return uring_ ? uring_->next(event) : epoll_->next(event); }

    /// Any thread: ends a wait.
    void wake() { uring_ ? uring_->wake() : epoll_->wake(); }

    [[nodiscard]] Engine engine() const noexcept { return uring_ ? Engine::kUring : Engine::kEpoll; }

private:
    BufferShelf shelf_;
    std::string gathered_;
    std::unique_ptr<EpollEngine> epoll_;
    std::unique_ptr<UringEngine> uring_;
};

/// Whether io_uring can be used here, tried once with all that the engine needs; the error says what is missing and how to get it.
[[nodiscard]] Result<void> probe_uring();

}  // namespace cenote::io
