#include "tests/unit/dataplane/io/harness.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>

namespace cenote::io::test {

Peer::~Peer() { close(); }

void Peer::close() {
    if (fd >= 0) {
        ::close(fd);
        fd = -1;
    }
}

void Peer::shut_down() { ::shutdown(fd, SHUT_WR); }

void Peer::write(std::string_view bytes) {
    unwritten.append(bytes);
    pump();
}

void Peer::read() {
    static std::array<char, 256 * 1024> buffer;
    while (fd >= 0 && !ended && !broken) {
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0) {
            got.append(buffer.data(), static_cast<std::size_t>(n));
        } else if (n == 0) {
            ended = true;
        } else if (errno == EAGAIN) {
            return;
        } else {
            broken = true;
        }
    }
}

void Peer::pump() {
    while (fd >= 0 && !unwritten.empty()) {
        const ssize_t n = ::send(fd, unwritten.data(), unwritten.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n <= 0) {
            if (n < 0 && errno != EAGAIN) {
                unwritten.clear();
            }
            break;
        }
        unwritten.erase(0, static_cast<std::size_t>(n));
    }
}

Sockets make_sockets(Transport transport) {
    std::array<int, 2> pair{-1, -1};
    if (transport == Transport::kUnix) {
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
        return {pair[0], pair[1]};
    }
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener, generic, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, generic, &size), 0);
    pair[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(pair[0], generic, size), 0);
    pair[1] = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    EXPECT_EQ(::fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    ::close(listener);
    return {pair[0], pair[1]};
}

std::string random_bytes(std::mt19937& random, std::size_t size) {
    // A window on one long run of noise that repeats at no power of two: cheap under the sanitizers, and a shift by any number shows.
    static const auto noise = [] {
        std::mt19937 source(42);
        std::string bytes(1'000'003, '\0');
        for (auto& byte : bytes) {
            byte = static_cast<char>(source());
        }
        return bytes;
    }();
    std::string bytes;
    for (std::size_t from = random() % noise.size(); bytes.size() < size; from = 0) {
        bytes.append(noise, from, size - bytes.size());
    }
    return bytes;
}

std::vector<Engine> engines() {
    static const auto probed = [] {
        auto result = probe_uring();
        if (!result) {
            std::fprintf(stderr, "*** NOT TESTED: the io_uring engine. %s\n", result.error().message.c_str());
        }
        return result.has_value();
    }();
    return probed ? std::vector{Engine::kEpoll, Engine::kUring} : std::vector{Engine::kEpoll};
}

std::string name_of(const ::testing::TestParamInfo<Engine>& info) { return info.param == Engine::kEpoll ? "epoll" : "io_uring"; }

std::string name_of_pair(const ::testing::TestParamInfo<std::tuple<Engine, Transport>>& info) {
    return std::string(std::get<0>(info.param) == Engine::kEpoll ? "epoll" : "io_uring") +
           (std::get<1>(info.param) == Transport::kUnix ? "_unix" : "_tcp");
}

Bench::~Bench() {
    for (auto& side : sides) {
        if (side->stream.fd >= 0 && side->loop == &loop) {
            loop.close(side->stream);
        }
    }
}

Side& Bench::connect(Transport transport) {
    const auto sockets = make_sockets(transport);
    auto& side = *sides.emplace_back(std::make_unique<Side>());
    side.stream.fd = sockets.mine;
    side.peer = std::make_unique<Peer>(sockets.other);
    adopt(side);
    return side;
}

void Bench::adopt(Side& side) {
    EXPECT_TRUE(loop.add(side.stream));
    side.loop = &loop;
    side.left = false;
}

void Bench::close(Side& side) { loop.close(side.stream); }

void Bench::take(const Event& event) {
    auto& side = static_cast<Side&>(*event.stream);
    switch (event.type) {
        case Event::Type::kBytes: {
            EXPECT_TRUE(side.stream.reading);
            const auto bytes = loop.gather(side.stream, event.bytes);
            if (side.on_bytes) {
                side.on_bytes(bytes);
            } else {
                side.got.append(bytes);
            }
            break;
        }
        case Event::Type::kEnd:
            ++side.ends;
            break;
        case Event::Type::kSent:
            ++side.sents;
            EXPECT_FALSE(loop.sending(side.stream));
            break;
        case Event::Type::kLeft:
            side.left = true;
            EXPECT_EQ(side.stream.index, 0U);
            break;
    }
}

int Bench::turn(TimePoint deadline) {
    static_cast<void>(loop.wait(deadline));
    Event event;
    int events = 0;
    while (loop.next(event)) {
        ++events;
        take(event);
    }
    return events;
}

bool Bench::until(const std::function<bool()>& done) {
    // A turn waits a little when the one before was empty: seconds of silence are the end of hope, however slow the machine is while
    // things go on.
    for (int silent = 0; silent < 3000;) {
        if (done()) {
            return true;
        }
        bool moved = turn(silent == 0 ? TimePoint::min() : Clock::now() + std::chrono::milliseconds(1)) != 0;
        for (auto& side : sides) {
            const auto before = side->peer->unwritten.size() + side->peer->got.size();
            if (!side->peer->unwritten.empty()) {
                side->peer->pump();
            }
            moved = moved || before != side->peer->unwritten.size() + side->peer->got.size();
        }
        silent = moved ? 0 : silent + 1;
    }
    return done();
}

void Bench::idle() {
    for (int i = 0; i < 5; ++i) {
        turn();
    }
}

}  // namespace cenote::io::test
