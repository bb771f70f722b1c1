// One loop, streams on it, and their peers as plain sockets. Sockets of this machine answer at once, so a test turns the loop until what
// it waits for is so; a deadline only ends a test that fails.
#pragma once

#include "dataplane/io/loop.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::io::test {

enum class Transport { kUnix, kTcp };

/// The other end of a stream: writes what it is given and keeps what it reads.
struct Peer {
    explicit Peer(int socket) : fd(socket) {}
    ~Peer();
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void write(std::string_view bytes);  // as much as the socket takes now, the rest with pump()
    void pump();                         // writes and reads what goes without waiting
    void read();
    void close();
    void shut_down();  // for writing

    int fd;
    std::string got;
    std::string unwritten;
    bool ended = false;   // read the other side's end
    bool broken = false;  // an error instead
};

/// A stream's owner as the worker is one: gathers, and keeps nothing back.
struct Side : Stream {
    Stream& stream = *this;
    std::unique_ptr<Peer> peer;
    Loop* loop = nullptr;
    std::string got;
    int ends = 0;
    int sents = 0;
    bool left = false;
    std::function<void(std::string_view)> on_bytes;  // instead of `got`
};

struct Sockets {
    int mine = -1;
    int other = -1;
};
[[nodiscard]] Sockets make_sockets(Transport transport);
[[nodiscard]] std::string random_bytes(std::mt19937& random, std::size_t size);
/// Turned off, loudly, where the kernel or the container refuses io_uring.
[[nodiscard]] std::vector<Engine> engines();

/// A loop that hands its events to Sides.
class Bench {
public:
    explicit Bench(Engine engine) : loop(engine) {}
    ~Bench();

    /// A connected pair, the stream on the loop.
    Side& connect(Transport transport = Transport::kUnix);
    void adopt(Side& side);  // onto this loop
    void close(Side& side);
    /// One turn that does not wait; the events it gave.
    int turn(TimePoint deadline = TimePoint::min());
    /// Turns until `done`; false when that does not come.
    [[nodiscard]] bool until(const std::function<bool()>& done);
    /// Some turns that must not change anything.
    void idle();
    /// Gives an event to the side it is for.
    void take(const Event& event);

    Loop loop;
    std::vector<std::unique_ptr<Side>> sides;
};

class LoopTest : public ::testing::TestWithParam<Engine> {
protected:
    LoopTest() : bench(GetParam()) {}
    Bench bench;
};

class TransportTest : public ::testing::TestWithParam<std::tuple<Engine, Transport>> {
protected:
    TransportTest() : bench(std::get<0>(GetParam())) {}
    Side& connect() { return bench.connect(std::get<1>(GetParam())); }
    Bench bench;
};

[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<Engine>& info);
[[nodiscard]] std::string name_of_pair(const ::testing::TestParamInfo<std::tuple<Engine, Transport>>& info);

}  // namespace cenote::io::test

#define CENOTE_BOTH_ENGINES(suite) \
    INSTANTIATE_TEST_SUITE_P(Engines, suite, ::testing::ValuesIn(::cenote::io::test::engines()), ::cenote::io::test::name_of)
#define CENOTE_BOTH_ENGINES_AND_TRANSPORTS(suite)                                                        \
    INSTANTIATE_TEST_SUITE_P(                                                                            \
        Engines, suite,                                                                                  \
        ::testing::Combine(                                                                              \
            ::testing::ValuesIn(::cenote::io::test::engines()),                                          \
            ::testing::Values(::cenote::io::test::Transport::kUnix, ::cenote::io::test::Transport::kTcp) \
        ),                                                                                               \
        ::cenote::io::test::name_of_pair                                                                 \
    )
