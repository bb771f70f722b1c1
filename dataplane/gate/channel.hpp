// A socket on the gate's loop: one read and one wait for room at a time, and the bytes it would not take yet. The place where TLS slips in:
// nothing else in gate/ touches a client's or a server's bytes on the wire. Owned by the connection whose handlers it runs; those hold the
// connection, so a handler may come after close(), with an error.
//
// It is registered with the reactor at its first wait: a login whose bytes are there already, or a cancel that is sent at once, never is.
#pragma once

#include "dataplane/net/asio.hpp"
#include "dataplane/net/socket.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cenote::gate {

class Channel {
public:
    enum class Sent : std::uint8_t { kAll, kBlocked, kBroken };
    struct Read {
        std::string_view bytes;  // within the channel, until the next read
        bool lost = false;       // end or error
        bool orderly = false;    // the end, not an error: the peer has read what it wanted and said goodbye
    };

    Channel(net::asio::io_context& io, net::Fd fd) : io_(io), fd_(std::move(fd)) {}

    /// What is there now, without waiting. Empty and not lost: nothing yet.
    [[nodiscard]] Read read_now();
    /// handler(Channel::Read), later. REQUIRES: no read is under way.
    template <class Handler>
    void read(Handler handler) {
        if (!ready_to_wait()) {
            net::asio::post(io_, [handler = std::move(handler)]() mutable { handler(Read{{}, true}); });
            return;
        }
        descriptor_->async_read_some(
            net::asio::buffer(buffer_),
            [this, handler = std::move(handler)](net::error_code failure, std::size_t size) mutable {
                handler(
                    Read{std::string_view(buffer_.data(), failure ? 0 : size), static_cast<bool>(failure), failure == net::asio::error::eof}
                );
            }
        );
    }
    /// Sends now what the socket takes; the rest is kept (kBlocked) until flushed() goes through.
    [[nodiscard]] Sent send(std::string_view bytes);
    /// handler(bool broken) when everything kept has gone out, or cannot.
    template <class Handler>
    void flushed(Handler handler) {
        if (out_.empty() || !ready_to_wait()) {
            net::asio::post(io_, [handler = std::move(handler), broken = !out_.empty()]() mutable { handler(broken); });
            return;
        }
        descriptor_->async_wait(
            net::asio::posix::stream_descriptor::wait_write,
            [this, handler = std::move(handler)](net::error_code failure) mutable {
                switch (failure ? Sent::kBroken : send({})) {
                    case Sent::kBlocked:
                        flushed(std::move(handler));
                        return;
                    case Sent::kAll:
                        handler(false);
                        return;
                    case Sent::kBroken:
                        handler(true);
                        return;
                }
            }
        );
    }
    /// handler(bool broken) when a connect that was begun is through.
    template <class Handler>
    void connected(Handler handler) {
        if (!ready_to_wait()) {
            net::asio::post(io_, [handler = std::move(handler)]() mutable { handler(true); });
            return;
        }
        descriptor_->async_wait(
            net::asio::posix::stream_descriptor::wait_write,
            [handler = std::move(handler)](net::error_code failure) mutable { handler(static_cast<bool>(failure)); }
        );
    }

    [[nodiscard]] std::size_t unsent() const noexcept { return out_.size(); }
    [[nodiscard]] bool open() const noexcept { return fd() >= 0; }
    [[nodiscard]] int fd() const noexcept;
    /// "No more from us": what was sent before can still be read.
    void shut_down();
    /// Ends the waits; their handlers come with an error. Registered no more, the descriptor is still open.
    void cancel();
    /// For another loop. REQUIRES: no wait is under way.
    [[nodiscard]] net::Fd release();
    void close();

private:
    [[nodiscard]] bool ready_to_wait();

    net::asio::io_context& io_;
    net::Fd fd_;  // until it is registered
    std::optional<net::asio::posix::stream_descriptor> descriptor_;
    std::string out_;
    std::array<char, 2048> buffer_;
};

}  // namespace cenote::gate
