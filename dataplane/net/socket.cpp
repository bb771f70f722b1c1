#include "dataplane/net/socket.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace cenote::net {
namespace {

Error system_error(std::string_view what) { return Error{fmt::format("{}: {}", what, std::strerror(errno)), sqlstate::kConnectionFailure}; }

template <class T>
void copy_into(Address& address, const T& value) {
    std::memcpy(&address.storage, &value, sizeof value);
    address.size = sizeof value;
}

const sockaddr* as_sockaddr(const Address& address) { return reinterpret_cast<const sockaddr*>(&address.storage); }

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

void tune_tcp(int fd, const Keepalive& keepalive) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (keepalive.on) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        if (keepalive.count > 0) {
            set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive.count);
        }
        if (keepalive.idle > 0) {
            set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive.idle);
        }
        if (keepalive.interval > 0) {
            set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive.interval);
        }
    }
    if (keepalive.user_timeout > 0) {
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, keepalive.user_timeout);
    }
}

}  // namespace

void Fd::reset() noexcept {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

std::string Address::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
        return text.data();
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &storage, sizeof in);
        ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
        return text.data();
    }
    return "unix";
}

int Address::port() const {
    if (storage.ss_family == AF_INET || storage.ss_family == AF_INET6) {
        sockaddr_in in{};  // the port is at the same place in both
        std::memcpy(&in, &storage, sizeof in);
        return ntohs(in.sin_port);
    }
    return 0;
}

Result<Address> literal_address(std::string_view host, int port) {
    Address address;
    const std::string text(host);
    if (text.starts_with('/') || text.starts_with('@')) {
        sockaddr_un un{};
        un.sun_family = AF_UNIX;
        const std::string path = fmt::format("{}/.s.PGSQL.{}", text, port);
        if (path.size() >= sizeof un.sun_path) {
            return Error{fmt::format("unix socket path is too long: {}", path)};
        }
        std::memcpy(un.sun_path, path.data(), path.size());
        address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
        if (text.front() == '@') {
            un.sun_path[0] = '\0';
            --address.size;
        }
        std::memcpy(&address.storage, &un, sizeof un);
        return address;
    }
    sockaddr_in in{};
    if (::inet_pton(AF_INET, text.c_str(), &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons(static_cast<std::uint16_t>(port));
        copy_into(address, in);
        return address;
    }
    sockaddr_in6 in6{};
    if (::inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1) {
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(static_cast<std::uint16_t>(port));
        copy_into(address, in6);
        return address;
    }
    return Error{fmt::format("not an address: {}", host)};
}

Result<Fd> start_connect(const Address& to, const Keepalive& keepalive) {
    Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.open()) {
        return system_error("socket");
    }
    if (!to.is_unix()) {
        tune_tcp(fd.get(), keepalive);
    }
    if (::connect(fd.get(), as_sockaddr(to), to.size) != 0 && errno != EINPROGRESS) {
        return system_error("connect");
    }
    return fd;
}

Result<void> connect_error(int fd) {
    int code = 0;
    socklen_t size = sizeof code;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code != 0) {
        return Error{fmt::format("connect failed: {}", std::strerror(code)), sqlstate::kConnectionFailure};
    }
    return {};
}

Result<Fd> listen_on(const Address& at, int backlog, bool reuse_port, int unix_mode) {
    Fd fd(::socket(at.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.open()) {
        return system_error("socket");
    }
    std::string path;
    if (at.is_unix()) {
        sockaddr_un un{};
        std::memcpy(&un, &at.storage, sizeof un);
        path = un.sun_path;
        if (!path.empty()) {
            // Nobody answers there: a leftover of a process that was killed. Somebody does: bind will say so.
            Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            if (::connect(probe.get(), as_sockaddr(at), at.size) != 0 && errno == ECONNREFUSED) {
                ::unlink(path.c_str());
            }
        }
    } else {
        set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
        if (at.storage.ss_family == AF_INET6) {
            set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
        }
        if (reuse_port) {
            set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
        }
    }
    if (::bind(fd.get(), as_sockaddr(at), at.size) != 0) {
        return system_error("bind");
    }
    if (!path.empty()) {
        ::chmod(path.c_str(), static_cast<mode_t>(unix_mode));
    }
    if (::listen(fd.get(), backlog) != 0) {
        return system_error("listen");
    }
    return fd;
}

void set_up_client(int fd, bool is_unix, const Keepalive& keepalive) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (!is_unix) {
        tune_tcp(fd, keepalive);
    }
}

Address peer_of(int fd) {
    Address address;
    address.size = sizeof address.storage;
    ::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    return address;
}

Address local_of(int fd) {
    Address address;
    address.size = sizeof address.storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    return address;
}

std::int64_t peer_uid(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return -1;
    }
    return credentials.uid;
}

}  // namespace cenote::net
