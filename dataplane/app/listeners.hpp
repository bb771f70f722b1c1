// The listening sockets: one place accepts, and each client goes to the worker with the fewest. Control thread only.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config.hpp"
#include "dataplane/net/asio.hpp"
#include "dataplane/net/socket.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::app {

class Listeners {
public:
    using Accepted = std::function<void(int fd)>;

    Listeners(net::asio::io_context& io, Accepted accepted);
    ~Listeners();
    Listeners(const Listeners&) = delete;
    Listeners& operator=(const Listeners&) = delete;

    /// All of listen_addr and the unix socket, or an error that names the one that failed.
    [[nodiscard]] Result<void> open(const config::Config& config);
    void close_tcp();
    void close_all();
    [[nodiscard]] bool any() const noexcept { return !sockets_.empty(); }

private:
    struct Socket;
    void accept_from(const std::shared_ptr<Socket>& socket);
    [[nodiscard]] Result<void> add(const net::Address& address, const config::Config& config, const std::string& shown);

    net::asio::io_context& io_;
    Accepted accepted_;
    std::vector<std::shared_ptr<Socket>> sockets_;
};

}  // namespace cenote::app
