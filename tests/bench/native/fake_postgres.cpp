// A server that lets everyone in and answers every query with a row of 1: for more server connections than a PostgreSQL of this machine
// could carry.
//   fake_postgres PORT
#include "wire.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>
#include <unordered_map>

namespace cenote::bench {
namespace {

std::string welcome() {
    std::string out = message('R', std::string(4, '\0'));
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"server_version", "15.0"},
             {"server_encoding", "UTF8"},
             {"client_encoding", "UTF8"},
             {"DateStyle", "ISO, MDY"},
             {"TimeZone", "Etc/UTC"},
             {"standard_conforming_strings", "on"},
             {"integer_datetimes", "on"},
             {"IntervalStyle", "postgres"},
             {"application_name", ""},
             {"is_superuser", "off"},
             {"session_authorization", "app"},
             {"in_hot_standby", "off"},
             {"default_transaction_read_only", "off"}
         }) {
        out += message('S', name + '\0' + value + '\0');
    }
    return out + message('K', std::string("\0\0\1\1abcd", 8)) + message('Z', "I");
}

std::string one_row() {
    std::string column("one\0", 4);
    column += std::string("\0\0\0\0\0\0\0\0\0\x17\0\4\xff\xff\xff\xff\0\0", 18);
    return message('T', std::string("\0\1", 2) + column) + message('D', std::string("\0\1\0\0\0\1", 6) + "1") +
           message('C', std::string("SELECT 1\0", 9)) + message('Z', "I");
}

// Bytes of one connection; answers whole packets. False when it is over.
bool serve(int fd, std::string& pending, bool& started) {
    std::string out;
    while (pending.size() >= 5) {
        if (!started) {
            const auto length = read_int(pending);
            if (pending.size() < length) {
                break;
            }
            const auto code = read_int(std::string_view(pending).substr(4));
            pending.erase(0, length);
            if (code == 80877102) {
                return false;
            }
            if (code == 80877103 || code == 80877104) {
                out += 'N';
                continue;
            }
            started = true;
            out += welcome();
            continue;
        }
        const auto length = read_int(std::string_view(pending).substr(1)) + 1;
        if (pending.size() < length) {
            break;
        }
        const char kind = pending[0];
        pending.erase(0, length);
        if (kind == 'X') {
            return false;
        }
        if (kind == 'Q') {
            out += one_row();
        } else if (kind == 'S') {
            out += message('Z', "I");
        }
    }
    return out.empty() || ::send(fd, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

int run(int port) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 4096) != 0) {
        std::cerr << "cannot listen on port " << port << '\n';
        return 1;
    }
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event watch{.events = EPOLLIN, .data = {.fd = listener}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &watch);
    struct Peer {
        std::string pending;
        bool started = false;
    };
    std::unordered_map<int, Peer> peers;
    std::array<epoll_event, 256> events{};
    std::array<char, 16384> chunk{};
    for (;;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int index = 0; index < count; ++index) {
            const int fd = events.at(static_cast<std::size_t>(index)).data.fd;
            if (fd == listener) {
                const int peer = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
                if (peer >= 0) {
                    peers[peer] = {};
                    watch = {.events = EPOLLIN, .data = {.fd = peer}};
                    ::epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &watch);
                }
                continue;
            }
            auto& peer = peers[fd];
            const auto got = ::recv(fd, chunk.data(), chunk.size(), 0);
            const bool more =
                got > 0 && (peer.pending.append(chunk.data(), static_cast<std::size_t>(got)), serve(fd, peer.pending, peer.started));
            if (!more) {
                peers.erase(fd);
                ::close(fd);
            }
        }
    }
}

}  // namespace
}  // namespace cenote::bench

int main(int argc, char** argv) { return argc == 2 ? cenote::bench::run(std::stoi(argv[1])) : 2; }
