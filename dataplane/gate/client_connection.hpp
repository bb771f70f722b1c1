// What a client that logs in and a client of the console have in common: a channel that is read, a name in the log, and an end that lets
// the client read why. Held by the handlers of its channel and by the list it is in. Gate thread.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/base/error.hpp"
#include "dataplane/gate/channel.hpp"
#include "dataplane/gate/context.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cenote::gate {

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
public:
    /// How a client came: kept from accept4, so that no log line has to ask the kernel.
    struct Origin {
        net::Address peer;
        bool is_unix = false;
        std::uint64_t id = 0;
        TimePoint since;
    };

    virtual ~ClientConnection() = default;
    ClientConnection(const ClientConnection&) = delete;
    ClientConnection& operator=(const ClientConnection&) = delete;

    [[nodiscard]] const Origin& origin() const noexcept { return origin_; }
    [[nodiscard]] bool ended() const noexcept { return parting_ || !channel_.open(); }
    /// What SHOW CLIENTS says of any client that is at the gate.
    [[nodiscard]] admin::ClientRow row(TimePoint request_at) const;

    /// Tells it, flushes, says "no more from us" and reads to the end, but not for ever: a close with bytes unread would send a reset, and
    /// that may eat the text before the client has read it.
    void refuse(const Error& error);
    /// At once.
    void close(std::string_view reason);

protected:
    ClientConnection(Context& context, net::Fd fd, Origin origin)
        : context_(context), channel_(context.io, std::move(fd)), origin_(std::move(origin)) {}

    virtual void on_read(Channel::Read read) = 0;
    /// It has left: its places are to be given back. Called once, before the socket is closed.
    virtual void on_end() = 0;
    [[nodiscard]] virtual std::string_view database_name() const = 0;
    [[nodiscard]] virtual std::string_view user_name() const = 0;

    /// One on_read() later; nothing if one is on its way.
    void read_more();
    [[nodiscard]] bool reading() const noexcept { return reading_; }
    [[nodiscard]] std::string describe() const;

    Context& context_;
    Channel channel_;

private:
    void log_end(std::string_view reason) const;
    void leave();
    void part();
    void hang_up();

    const Origin origin_;
    Deadlines::Key farewell_;
    bool reading_ = false;
    bool parting_ = false;
    bool left_ = false;
    bool lingers_ = false;  // counted among those who read their last words
};

}  // namespace cenote::gate
