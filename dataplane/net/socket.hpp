// Plain non-blocking sockets of the hot path: what Asio would do, without its bookkeeping (architecture.md, "Readiness").
// Values and free functions; whoever holds the Fd owns it.
#pragma once

#include "dataplane/base/result.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cenote::net {

/// Owns a descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
    void reset() noexcept;

private:
    int fd_ = -1;
};

/// An address of any family, small enough to keep one in each connection.
struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] bool is_unix() const noexcept { return storage.ss_family == AF_UNIX; }
    /// "127.0.0.1", "::1", "unix".
    [[nodiscard]] std::string host() const;
    [[nodiscard]] int port() const;
};

struct Keepalive {
    bool on = true;
    int count = 0;         // 0 = the system's
    int idle = 0;          // seconds
    int interval = 0;      // seconds
    int user_timeout = 0;  // milliseconds
};

/// "1.2.3.4", "::1" (no names), "/dir" or "@dir" = the unix socket .s.PGSQL.<port> in it. Anything else: an error, ask the resolver.
[[nodiscard]] Result<Address> literal_address(std::string_view host, int port);

/// A non-blocking socket whose connect has begun; writable when it is done, then ask connect_error().
[[nodiscard]] Result<Fd> start_connect(const Address& to, const Keepalive& keepalive);
[[nodiscard]] Result<void> connect_error(int fd);

/// A listening socket. reuse_port: several processes share the port. A stale unix socket file is replaced.
[[nodiscard]] Result<Fd> listen_on(const Address& at, int backlog, bool reuse_port, int unix_mode);

void set_up_client(int fd, bool is_unix, const Keepalive& keepalive);
[[nodiscard]] Address peer_of(int fd);
[[nodiscard]] Address local_of(int fd);
/// Uid of the process at the other end of a unix socket, -1 if not known.
[[nodiscard]] std::int64_t peer_uid(int fd);

}  // namespace cenote::net
