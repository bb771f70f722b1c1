// The listening sockets: one place accepts. Opened and closed by the control thread before the gate's thread runs, by that one afterwards.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config.hpp"
#include "dataplane/net/asio.hpp"
#include "dataplane/net/socket.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::gate {

class Listeners {
public:
    using Accepted = std::function<void(net::Fd fd, const net::Address& peer, bool is_unix)>;

    /// exhausted: there was no descriptor left for a client; it is tried again in 100 ms, with what has been closed by then.
    Listeners(net::asio::io_context& io, Accepted accepted, std::function<void()> exhausted);
    ~Listeners();
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;

    /// All of listen_addr and the unix socket, or an error that names the one that failed.
    [[nodiscard]] Result<void> open(const config::Config& config);
    /// TCP_NODELAY and keepalive, for clients accepted from now on: Linux copies them from the listening socket to what it accepts, so they
    /// cost no system call a client.
    void set_options(const config::Config& config);
    void close_tcp();
    void close_all();
    [[nodiscard]] bool any() const noexcept { return !sockets_.empty(); }
    /// Of the first TCP socket; 0 = none. For tests, which listen on port 0.
    [[nodiscard]] int port() const;

private:
    struct Socket;
    void wait(const std::shared_ptr<Socket>& socket);
    void accept_from(const std::shared_ptr<Socket>& socket);
    [[nodiscard]] Result<void> add(const net::Address& address, const config::Config& config, const std::string& shown);

    net::asio::io_context& io_;
    Accepted accepted_;
    std::function<void()> exhausted_;
    std::vector<std::shared_ptr<Socket>> sockets_;
};

}  // namespace cenote::gate
