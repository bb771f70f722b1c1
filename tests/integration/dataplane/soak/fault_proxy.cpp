// Stands between two sides of a TCP connection and does what a network may: delays, splits and cuts. One thread, told by lines on stdin,
// each answered by a line; it ends with stdin. Everything is off at the start.
//   fault_proxy LISTEN_PORT PORT SEED        to 127.0.0.1:PORT
//   connect_delay MS   every new connection waits so long before the server hears of it
//   delay MS           each piece waits up to so long
//   split N            one piece of N goes in two parts with a pause between
//   cut N              one piece of N is the last of its connection, and only a part of it arrives; 0: none
//   cut_all            every connection there is, now
//   stats              connections, cuts and bytes so far, as JSON
// A connection that carries a CancelRequest is never cut: once the request is on its way, nobody could know whether it still comes.
#include "tests/integration/dataplane/soak/fault_pair.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::soak {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kQueueLimit = 256 * 1024;

class Proxy {
public:
    Proxy(int listen_port, int port, unsigned seed) : port_(port), random_(seed) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const auto at = loopback(listen_port);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 4096) != 0) {
            throw std::runtime_error("cannot listen");
        }
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        watch(listener_, kListener);
        watch(0, kInput);
        std::cout << "listening" << std::endl;
    }

    void run() {
        std::array<epoll_event, 256> events{};
        while (!over_) {
            const auto wait = wait_time();
            const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), wait ? &*wait : nullptr, nullptr);
            for (int index = 0; index < count; ++index) {
                on_event(events.at(static_cast<std::size_t>(index)));
            }
            on_time(Clock::now());
        }
    }

private:
    static constexpr std::uint64_t kListener = 0;
    static constexpr std::uint64_t kInput = 2;
    struct Due {
        Clock::time_point when;
        std::uint64_t pair;
        bool operator>(const Due& other) const { return when > other.when; }
    };

    static sockaddr_in loopback(int port) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return at;
    }

    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
    bool one_in(int bound) { return bound > 0 && below(bound) == 0; }

    void watch(int fd, std::uint64_t what) const {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = what}};
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    [[nodiscard]] std::optional<timespec> wait_time() const {
        if (agenda_.empty()) {
            return std::nullopt;
        }
        const auto left = std::max(Clock::duration::zero(), agenda_.top().when - Clock::now());
        const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
        return timespec{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    }

    void on_event(const epoll_event& event) {
        if (event.data.u64 == kListener) {
            return accept();
        }
        if (event.data.u64 == kInput) {
            return input();
        }
        const auto found = pairs_.find(event.data.u64 / 2);
        if (found == pairs_.end()) {
            return;
        }
        auto& pair = *found->second;
        const auto which = static_cast<std::size_t>(event.data.u64 % 2);
        if ((event.events & EPOLLOUT) != 0) {
            pair.sides.at(which).blocked = false;
            if (!flush(pair, which)) {
                return;
            }
        }
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
            receive(pair, which);
        }
    }

    void accept() {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        ++connections_;
        auto pair = std::make_unique<Pair>();
        pair->number = ++last_number_;
        pair->sides[0].fd = fd;
        const auto number = pair->number;
        pairs_.emplace(number, std::move(pair));
        if (connect_delay_.count() > 0) {
            agenda_.push({Clock::now() + connect_delay_, number});
        } else {
            connect(*pairs_.at(number));
        }
    }

    void connect(Pair& pair) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto to = loopback(port_);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            ::close(fd);
            return close(pair, true);
        }
        pair.sides[1].fd = fd;
        const int on = 1;
        for (std::size_t which = 0; which < 2; ++which) {
            ::setsockopt(pair.sides.at(which).fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            arm(pair, which);
        }
    }

    void arm(Pair& pair, std::size_t which) const {
        auto& side = pair.sides.at(which);
        const bool room = pair.sides.at(1 - which).queued < kQueueLimit;
        const std::uint32_t wanted =
            (room && !side.ended ? static_cast<std::uint32_t>(EPOLLIN) : 0U) | (side.blocked ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
        if (side.added && wanted == side.armed) {
            return;
        }
        epoll_event event{.events = wanted, .data = {.u64 = pair.number * 2 + which}};
        ::epoll_ctl(epoll_, side.added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, side.fd, &event);
        side.armed = wanted;
        side.added = true;
    }

    void receive(Pair& pair, std::size_t which) {
        auto& side = pair.sides.at(which);
        if (side.ended) {
            return close(pair, true);  // an error or a hang-up after its end
        }
        static std::array<char, 65536> chunk;
        const auto got = ::recv(side.fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (got < 0) {
            if (errno != EAGAIN) {
                close(pair, true);
            }
            return;
        }
        if (got == 0) {
            side.ended = true;
        } else {
            const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
            bytes_ += got;
            if (which == 0 && !pair.known) {
                pair.learn(bytes);
            }
            pass_on(pair, 1 - which, bytes);
        }
        if (flush(pair, 1 - which)) {
            arm(pair, which);
        }
    }

    void pass_on(Pair& pair, std::size_t to, std::string_view bytes) {
        auto due = Clock::now();
        if (delay_.count() > 0) {
            due += microseconds(below(static_cast<int>(microseconds(delay_).count())));
        }
        const bool last = pair.known && !pair.spared && one_in(cut_);
        if (last) {
            bytes = bytes.substr(0, static_cast<std::size_t>(below(static_cast<int>(bytes.size()))));
        }
        if (bytes.size() > 1 && one_in(split_)) {
            const auto at = static_cast<std::size_t>(1 + below(static_cast<int>(bytes.size()) - 1));
            put(pair, to, {due, std::string(bytes.substr(0, at))});
            bytes.remove_prefix(at);
            due += microseconds(200 + below(1500));
        }
        put(pair, to, {due, std::string(bytes), last});
    }

    void put(Pair& pair, std::size_t to, Side::Piece piece) {
        auto& side = pair.sides.at(to);
        if (!side.out.empty()) {
            piece.due = std::max(piece.due, side.out.back().due);
        }
        if (piece.due > Clock::now()) {
            agenda_.push({piece.due, pair.number});
        }
        side.queued += piece.bytes.size();
        side.out.push_back(std::move(piece));
    }

    // Writes what is due; false when the pair is gone.
    bool flush(Pair& pair, std::size_t which) {
        auto& side = pair.sides.at(which);
        const auto now = Clock::now();
        while (!side.blocked && !side.out.empty() && side.out.front().due <= now) {
            auto& piece = side.out.front();
            const auto sent =
                piece.bytes.empty() ? 0 : ::send(side.fd, piece.bytes.data(), piece.bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0) {
                if (errno != EAGAIN) {
                    close(pair, true);
                    return false;
                }
                side.blocked = true;
                break;
            }
            side.queued -= static_cast<std::size_t>(sent);
            piece.bytes.erase(0, static_cast<std::size_t>(sent));
            if (piece.bytes.empty()) {
                if (piece.last) {
                    ++cuts_;
                    close(pair, one_in(2));
                    return false;
                }
                side.out.pop_front();
            }
        }
        auto& other = pair.sides.at(1 - which);
        if (other.ended && side.out.empty() && !side.told_end) {
            side.told_end = true;
            ::shutdown(side.fd, SHUT_WR);
        }
        if (side.told_end && other.told_end) {
            close(pair, false);
            return false;
        }
        arm(pair, which);
        arm(pair, 1 - which);
        return true;
    }

    void close(Pair& pair, bool reset) {
        for (auto& side : pair.sides) {
            if (side.fd >= 0) {
                if (reset) {
                    const linger now{1, 0};
                    ::setsockopt(side.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
                }
                ::close(side.fd);
            }
        }
        pairs_.erase(pair.number);
    }

    void on_time(Clock::time_point now) {
        while (!agenda_.empty() && agenda_.top().when <= now) {
            const auto number = agenda_.top().pair;
            agenda_.pop();
            const auto found = pairs_.find(number);
            if (found == pairs_.end()) {
                continue;
            }
            auto& pair = *found->second;
            if (pair.sides[1].fd < 0) {
                connect(pair);
            } else if (flush(pair, 0)) {
                flush(pair, 1);
            }
        }
    }

    void input() {
        std::array<char, 4096> chunk{};
        const auto got = ::read(0, chunk.data(), chunk.size());
        if (got <= 0) {
            over_ = true;
            return;
        }
        typed_.append(chunk.data(), static_cast<std::size_t>(got));
        for (auto end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
            obey(typed_.substr(0, end));
            typed_.erase(0, end + 1);
        }
    }

    void obey(const std::string& line) {
        std::istringstream words(line);
        std::string what;
        int value = 0;
        words >> what >> value;
        if (what == "connect_delay") {
            connect_delay_ = milliseconds(value);
        } else if (what == "delay") {
            delay_ = milliseconds(value);
        } else if (what == "split") {
            split_ = value;
        } else if (what == "cut") {
            cut_ = value;
        } else if (what == "cut_all") {
            cut_all();
        } else if (what == "stats") {
            std::cout << R"({"connections": )" << connections_ << R"(, "cuts": )" << cuts_ << R"(, "bytes": )" << bytes_ << "}"
                      << std::endl;
            return;
        } else {
            std::cout << "what?" << std::endl;
            return;
        }
        std::cout << "ok" << std::endl;
    }

    void cut_all() {
        std::vector<Pair*> doomed;
        for (const auto& [number, pair] : pairs_) {
            if (!pair->spared) {
                doomed.push_back(pair.get());
            }
        }
        for (auto* pair : doomed) {
            ++cuts_;
            close(*pair, one_in(2));
        }
    }

    int port_;
    std::mt19937 random_;
    int listener_ = -1;
    int epoll_ = -1;
    bool over_ = false;
    std::string typed_;
    milliseconds connect_delay_{0};
    milliseconds delay_{0};
    int split_ = 0;
    int cut_ = 0;
    long connections_ = 0;
    long cuts_ = 0;
    long bytes_ = 0;
    std::uint64_t last_number_ = 1;  // 0 and 1 are not connections
    std::map<std::uint64_t, std::unique_ptr<Pair>> pairs_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> agenda_;
};

}  // namespace
}  // namespace cenote::soak

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "usage: fault_proxy LISTEN_PORT PORT SEED\n";
        return 2;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    cenote::soak::Proxy(std::stoi(argv[1]), std::stoi(argv[2]), static_cast<unsigned>(std::stoi(argv[3]))).run();
}
