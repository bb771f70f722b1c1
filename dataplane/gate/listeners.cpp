#include "dataplane/gate/listeners.hpp"

#include "dataplane/base/log.hpp"

#include <fmt/format.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cenote::gate {

struct Listeners::Socket {
    Socket(net::asio::io_context& io, int fd) : descriptor(io, fd), retry(io) {}
    net::asio::posix::stream_descriptor descriptor;
    net::asio::steady_timer retry;
    std::string unix_path;
    bool is_unix = false;
    std::size_t round = 1;  // clients accepted at one wake-up
};

namespace {

constexpr std::size_t kMaxRound = 64;

Result<std::vector<net::Address>> addresses_of(const std::string& name, int port) {
    if (name == "*") {
        return std::vector{*net::literal_address("0.0.0.0", port), *net::literal_address("::", port)};
    }
    if (auto literal = net::literal_address(name, port)) {
        return std::vector{*literal};
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
        return Error{fmt::format("listen_addr {}: {}", name, ::gai_strerror(code))};
    }
    std::vector<net::Address> all;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        net::Address address;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
        address.size = one->ai_addrlen;
        all.push_back(address);
    }
    ::freeaddrinfo(found);
    return all;
}

}  // namespace

Listeners::Listeners(net::asio::io_context& io, Accepted accepted, std::function<void()> exhausted)
    : io_(io), accepted_(std::move(accepted)), exhausted_(std::move(exhausted)) {}
Listeners::~Listeners() { close_all(); }

Result<void> Listeners::add(const net::Address& address, const config::Config& config, const std::string& shown) {
    auto fd = net::listen_on(address, config.listen_backlog, config.so_reuseport, config.unix_socket_mode);
    if (!fd) {
        return with_context(fmt::format("cannot listen on {}", shown), std::move(fd).error());
    }
    if (!address.is_unix() && config.tcp_defer_accept > 0) {
        const int seconds = config.tcp_defer_accept == 1 ? 45 : config.tcp_defer_accept;  // PgBouncer's meaning of "on"
        ::setsockopt(fd->get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
    }
    auto socket = std::make_shared<Socket>(io_, fd->release());
    socket->is_unix = address.is_unix();
    if (socket->is_unix) {
        sockaddr_un un{};
        std::memcpy(&un, &address.storage, sizeof un);
        socket->unix_path = un.sun_path;
    }
    log::info("listening on {}", shown);
    sockets_.push_back(socket);
    wait(socket);
    return {};
}

Result<void> Listeners::open(const config::Config& config) {
    for (const auto& name : config.listen_addr) {
        const auto addresses = addresses_of(name, config.listen_port);
        if (!addresses) {
            return addresses.error();
        }
        for (const auto& address : *addresses) {
            auto added = add(address, config, fmt::format("{}:{}", address.host(), config.listen_port));
            // "*" means every address there is: a machine without IPv6 has fewer.
            if (!added && !(name == "*" && address.storage.ss_family == AF_INET6)) {
                return added;
            }
        }
    }
    if (!config.unix_socket_dir.empty()) {
        const auto address = net::literal_address(config.unix_socket_dir, config.listen_port);
        if (!address) {
            return address.error();
        }
        auto added = add(*address, config, fmt::format("unix:{}/.s.PGSQL.{}", config.unix_socket_dir, config.listen_port));
        if (!added) {
            return added;
        }
    }
    set_options(config);
    return {};
}

void Listeners::wait(const std::shared_ptr<Socket>& socket) {
    socket->descriptor.async_wait(net::asio::posix::stream_descriptor::wait_read, [this, socket](net::error_code failure) {
        if (!failure && socket->descriptor.is_open()) {
            accept_from(socket);
        }
    });
}

void Listeners::accept_from(const std::shared_ptr<Socket>& socket) {
    // The wait is level-triggered: who is left in the queue wakes us again. So a client that comes alone costs one accept4, and only a
    // rush is taken in rounds, each twice the last.
    std::size_t left = socket->round;
    while (left > 0) {
        net::Address peer;
        peer.size = sizeof peer.storage;
        const int fd = ::accept4(
            socket->descriptor.native_handle(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC
        );
        if (fd >= 0) {
            --left;
            accepted_(net::Fd(fd), peer, socket->is_unix);
            if (!socket->descriptor.is_open()) {
                return;
            }
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            log::warning("accept: {}; trying again in 100 ms (raise the limit of open files, ulimit -n)", std::strerror(errno));
            exhausted_();
            socket->retry.expires_after(std::chrono::milliseconds(100));
            socket->retry.async_wait([this, socket](net::error_code cancelled) {
                if (!cancelled && socket->descriptor.is_open()) {
                    wait(socket);
                }
            });
            return;
        }
        if (errno != ECONNABORTED && errno != EINTR) {
            break;
        }
    }
    socket->round = left == 0 ? std::min(socket->round * 2, kMaxRound) : 1;
    wait(socket);
}

void Listeners::set_options(const config::Config& config) {
    for (const auto& socket : sockets_) {
        net::set_up_client(
            socket->descriptor.native_handle(), socket->is_unix,
            {config.tcp_keepalive, config.tcp_keepcnt, config.tcp_keepidle, config.tcp_keepintvl, config.tcp_user_timeout}
        );
    }
}

int Listeners::port() const {
    for (const auto& socket : sockets_) {
        if (!socket->is_unix) {
            return net::local_of(socket->descriptor.native_handle()).port();
        }
    }
    return 0;
}

void Listeners::close_tcp() {
    for (auto& socket : sockets_) {
        if (!socket->is_unix) {
            net::error_code ignored;
            socket->descriptor.close(ignored);
        }
    }
    std::erase_if(sockets_, [](const auto& socket) { return !socket->is_unix; });
}

void Listeners::close_all() {
    for (auto& socket : sockets_) {
        net::error_code ignored;
        socket->descriptor.close(ignored);
        socket->retry.cancel(ignored);
        if (!socket->unix_path.empty()) {
            ::unlink(socket->unix_path.c_str());
        }
    }
    sockets_.clear();
}

}  // namespace cenote::gate
