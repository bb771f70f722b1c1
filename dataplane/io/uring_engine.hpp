// The io_uring engine of a Loop. Not there yet: probe_uring() says so, and every worker runs on epoll.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/io/buffer_shelf.hpp"
#include "dataplane/io/event.hpp"

#include <memory>
#include <string_view>

namespace cenote::io {

class UringEngine {
public:
    explicit UringEngine(BufferShelf& shelf);
    ~UringEngine();
    UringEngine(const UringEngine&) = delete;
    UringEngine& operator=(const UringEngine&) = delete;

    [[nodiscard]] bool add(Stream& stream);
    [[nodiscard]] bool leave(Stream& stream);
    void close(Stream& stream);
    void pause(Stream& stream, Paused watch);
    void resume(Stream& stream);
    void send(Stream& stream, std::string_view bytes);
    [[nodiscard]] bool sending(const Stream& stream) const;
    [[nodiscard]] bool congested(const Stream& stream) const;
    void finish_sending(Stream& stream);
    bool wait(TimePoint deadline);
    [[nodiscard]] bool next(Event& event);
    void wake();

private:
    struct Ring;
    std::unique_ptr<Ring> ring_;
};

}  // namespace cenote::io
