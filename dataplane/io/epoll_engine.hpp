// The epoll engine of a Loop: a level-triggered set of the worker's own (measured against Asio's ways to readiness: architecture.md,
// "Readiness"). One receive an event, one send a batch of bytes, an epoll_ctl only when a stream pauses, blocks, comes or goes.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/io/buffer_shelf.hpp"
#include "dataplane/io/event.hpp"
#include "dataplane/net/socket.hpp"

#include <sys/epoll.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace cenote::io {

class EpollEngine {
public:
    explicit EpollEngine(BufferShelf& shelf);

    [[nodiscard]] bool add(Stream& stream);
    [[nodiscard]] bool leave(Stream& stream);
    void close(Stream& stream);
    void pause(Stream& stream, Paused watch);
    void resume(Stream& stream);
    void send(Stream& stream, std::string_view bytes);
    void finish_sending(Stream& stream);
    bool wait(TimePoint deadline);
    [[nodiscard]] bool next(Event& event);
    void wake();

private:
    // A stream's number on this loop. The tag tells it from the number's next owner in events that were collected before it left.
    struct Slot {
        Stream* stream = nullptr;
        std::uint32_t tag = 0;
        bool finish = false;  // shut down for writing when `out` is empty
    };
    static constexpr int kBatch = 256;
    static constexpr std::uint32_t kUnwatched = 0x8000'0000;  // in Stream::armed: taken out of the set until it is resumed

    void arm(Stream& stream, std::uint32_t events);
    void forget(Stream& stream);
    [[nodiscard]] bool flush(Stream& stream);
    [[nodiscard]] bool receive(Stream& stream, Event& event);

    BufferShelf& shelf_;
    net::Fd epoll_;
    net::Fd wake_;
    std::vector<char> buffer_;  // one a worker, for all its reads: large results come in large pieces
    std::vector<Slot> slots_;   // by Stream::index; slot 0 is the wake-up
    std::vector<std::uint32_t> free_;
    std::vector<epoll_event> batch_;
    int collected_ = 0;
    int given_ = 0;
    bool sent_pending_ = false;  // an event that flushed its stream has a read left
};

}  // namespace cenote::io
