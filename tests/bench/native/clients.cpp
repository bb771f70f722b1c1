// Clients for what pgbench cannot do.
//   clients logins HOST PORT USER PASSWORD DATABASE RATE SECONDS THREADS   logins and goodbyes at a rate (0: as fast as they go); prints
//   JSON clients hold   HOST PORT USER PASSWORD DATABASE COUNT                  logs in COUNT clients, each asks once; "holding" is printed
//   and they
//                                                                          stay until stdin ends. A '%' in DATABASE is the client's number.
#include "wire.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace cenote::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Target {
    std::string host;
    int port;
    std::string user;
    std::string database;
};

class Connection {
public:
    Connection(const Target& target, const std::string& database, Scram& scram) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        try {
            open(target);
            log_in(target, database, scram);
        } catch (...) {
            ::close(fd_);
            throw;
        }
    }
    ~Connection() { ::close(fd_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void send(const std::string& bytes) const {
        if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
            throw std::runtime_error("send");
        }
    }

    void ask(std::string_view text) {
        send(message('Q', std::string(text) + '\0'));
        while (read().front() != 'Z') {}
    }

private:
    void open(const Target& target) const {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(target.port));
        ::inet_pton(AF_INET, target.host.c_str(), &to.sin_addr);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            throw std::runtime_error("connect");
        }
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    void log_in(const Target& target, const std::string& database, Scram& scram) {
        send(startup_packet(target.user, database));
        std::string nonce;
        for (;;) {
            const auto packet = read();
            if (packet[0] == 'Z') {
                buffer_.shrink_to_fit();
                return;
            }
            if (packet[0] == 'E') {
                auto text = packet.substr(1);
                std::replace(text.begin(), text.end(), '\0', ' ');
                throw std::runtime_error(text);
            }
            if (packet[0] != 'R') {
                continue;
            }
            const auto kind = read_int(std::string_view(packet).substr(1));
            if (kind == 10) {
                nonce = Scram::nonce();
                const auto first = "n,,n=,r=" + nonce;
                std::string body("SCRAM-SHA-256\0", 14);
                append_int(body, static_cast<std::uint32_t>(first.size()));
                send(message('p', body + first));
            } else if (kind == 11) {
                send(message('p', scram.answer(nonce, packet.substr(5))));
            }
        }
    }

    // One message: its kind, then its body.
    std::string read() {
        fill(5);
        const auto length = read_int(std::string_view(buffer_).substr(1));
        fill(1 + length);
        const auto packet = buffer_.substr(0, 1) + buffer_.substr(5, length - 4);
        buffer_.erase(0, 1 + length);
        return packet;
    }

    void fill(std::size_t wanted) {
        std::array<char, 4096> chunk{};
        while (buffer_.size() < wanted) {
            const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
            if (got <= 0) {
                throw std::runtime_error("closed");
            }
            buffer_.append(chunk.data(), static_cast<std::size_t>(got));
        }
    }

    int fd_;
    std::string buffer_;
};

int logins(const Target& target, Scram& scram, double rate, double seconds, int threads) {
    const auto began = Clock::now();
    const auto end = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::atomic<long> next{0};
    std::atomic<long> failed{0};
    std::vector<std::vector<double>> times(static_cast<std::size_t>(threads));
    std::vector<std::thread> running;
    for (auto& own : times) {
        running.emplace_back([&] {
            for (;;) {
                const auto number = next++;
                const auto due =
                    rate > 0
                        ? began +
                              std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(static_cast<double>(number) / rate))
                        : Clock::now();
                if (due >= end) {
                    return;
                }
                std::this_thread::sleep_until(due);
                try {
                    const Connection connection(target, target.database, scram);
                    connection.send(message('X', ""));
                    own.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
                } catch (const std::exception& error) {
                    if (failed++ == 0) {
                        std::cerr << "login failed: " << error.what() << '\n';
                    }
                }
            }
        });
    }
    std::vector<double> all;
    for (std::size_t index = 0; index < running.size(); ++index) {
        running[index].join();
        all.insert(all.end(), times[index].begin(), times[index].end());
    }
    std::sort(all.begin(), all.end());
    const auto at = [&](double part) {
        return all.empty() ? 0.0 : all[static_cast<std::size_t>(static_cast<double>(all.size() - 1) * part)];
    };
    std::printf(
        R"({"logins": %zu, "failed": %ld, "p50_ms": %.3f, "p99_ms": %.3f})"
        "\n",
        all.size(), failed.load(), at(0.5), at(0.99)
    );
    return failed == 0 ? 0 : 1;
}

int hold(const Target& target, Scram& scram, int count) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    std::vector<std::unique_ptr<Connection>> held;
    for (int number = 0; number < count; ++number) {
        auto database = target.database;
        if (const auto mark = database.find('%'); mark != std::string::npos) {
            database.replace(mark, 1, std::to_string(number));
        }
        held.push_back(std::make_unique<Connection>(target, database, scram));
        held.back()->ask("select 1");
    }
    std::cout << "holding" << std::endl;
    while (std::cin.get() != std::istream::traits_type::eof()) {}
    return 0;
}

int run(const std::vector<std::string>& words) {
    if (words.size() < 7) {
        std::cerr << "usage: clients logins|hold HOST PORT USER PASSWORD DATABASE …\n";
        return 2;
    }
    const Target target{words[1], std::stoi(words[2]), words[3], words[5]};
    Scram scram(words[4]);
    if (words[0] == "logins") {
        return logins(target, scram, std::stod(words.at(6)), std::stod(words.at(7)), std::stoi(words.at(8)));
    }
    return hold(target, scram, std::stoi(words.at(6)));
}

}  // namespace
}  // namespace cenote::bench

int main(int argc, char** argv) {
    try {
        return cenote::bench::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
