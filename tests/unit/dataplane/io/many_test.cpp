// Thousands of streams on one loop.
#include "tests/unit/dataplane/io/harness.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdio>

namespace cenote::io::test {
namespace {

using ManyTest = LoopTest;
CENOTE_BOTH_ENGINES(ManyTest);

// More streams with bytes at once than there are buffers to lend, again and again.
TEST_P(ManyTest, MoreStreamsThanBuffers) {
    std::mt19937 random(1);
    constexpr int kStreams = 400;
    std::vector<std::string> expected(kStreams);
    for (int i = 0; i < kStreams; ++i) {
        bench.connect();
    }
    for (int round = 0; round < 10; ++round) {
        for (std::size_t i = 0; i < kStreams; ++i) {
            const auto more = random_bytes(random, 1 + random() % (i % 7 == 0 ? 60'000 : 20'000));
            expected[i] += more;
            bench.sides[i]->peer->write(more);
        }
        if (round % 3 == 0) {
            bench.turn();
        }
    }
    EXPECT_TRUE(bench.until([&] {
        for (std::size_t i = 0; i < kStreams; ++i) {
            if (bench.sides[i]->got.size() != expected[i].size()) {
                return false;
            }
        }
        return true;
    }));
    for (std::size_t i = 0; i < kStreams; ++i) {
        EXPECT_TRUE(bench.sides[i]->got == expected[i]) << i;
    }
}

// As many descriptors as this machine lets us have, ten thousand being wanted.
class TenThousandTest : public LoopTest {
protected:
    TenThousandTest() {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        auto limit = before_;
        limit.rlim_cur = limit.rlim_max;
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        pairs = std::min<std::size_t>(5000, (limit.rlim_cur - 100) / 2);
        if (pairs < 5000) {
            std::fprintf(stderr, "*** with %zu streams only: descriptors are limited\n", pairs * 2);
        }
    }
    ~TenThousandTest() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

    std::size_t pairs = 0;

private:
    rlimit before_{};
};
CENOTE_BOTH_ENGINES(TenThousandTest);

// All of them have bytes before any is read: more completions than the ring holds, and far more than there are buffers.
TEST_P(TenThousandTest, AllSpeakAtOnce) {
    Loop loop(GetParam());
    std::vector<Stream> streams(pairs * 2);
    for (std::size_t i = 0; i < streams.size(); i += 2) {
        const auto sockets = make_sockets(Transport::kUnix);
        streams[i].fd = sockets.mine;
        streams[i + 1].fd = sockets.other;
        for (const int fd : {sockets.mine, sockets.other}) {
            const auto words = std::to_string(fd);
            ASSERT_EQ(::send(fd, words.data(), words.size(), 0), static_cast<ssize_t>(words.size()));
        }
    }
    for (auto& stream : streams) {
        ASSERT_TRUE(loop.add(stream));
    }
    std::vector<std::string> got(streams.size());
    std::size_t arrived = 0;
    Event event;
    for (int silent = 0; arrived < streams.size() && silent < 100; ++silent) {
        static_cast<void>(loop.wait(Clock::now() + std::chrono::milliseconds(10)));
        while (loop.next(event)) {
            ASSERT_EQ(event.type, Event::Type::kBytes);
            silent = 0;
            ++arrived;
            got[static_cast<std::size_t>(event.stream - streams.data())] += event.bytes;
        }
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
        EXPECT_EQ(got[i], std::to_string(streams[i ^ 1U].fd));
    }
    for (auto& stream : streams) {
        loop.close(stream);
    }
}

// Both ends of each pair are on the loop: a message goes round every pair.
TEST_P(TenThousandTest, AMessageGoesRoundEach) {
    Loop loop(GetParam());
    std::vector<std::unique_ptr<Stream>> streams(pairs * 2);
    for (std::size_t i = 0; i < streams.size(); i += 2) {
        const auto sockets = make_sockets(Transport::kUnix);
        for (const auto& [at, fd] : {std::pair{i, sockets.mine}, std::pair{i + 1, sockets.other}}) {
            streams[at] = std::make_unique<Stream>();
            streams[at]->fd = fd;
            ASSERT_TRUE(loop.add(*streams[at]));
        }
    }
    constexpr std::size_t kHops = 6;
    std::size_t arrived = 0;
    for (std::size_t i = 0; i < streams.size(); i += 2) {
        loop.send(*streams[i], "000000");
    }
    Event event;
    for (int silent = 0; arrived < pairs * kHops && silent < 100; ++silent) {
        static_cast<void>(loop.wait(Clock::now() + std::chrono::milliseconds(10)));
        while (loop.next(event)) {
            ASSERT_EQ(event.type, Event::Type::kBytes);
            ASSERT_EQ(event.bytes.size(), 6U);
            silent = 0;
            ++arrived;
            std::string answer(event.bytes);
            if (++answer[0] - '0' < static_cast<int>(kHops)) {
                loop.send(*event.stream, answer);
            }
        }
    }
    EXPECT_EQ(arrived, pairs * kHops);
    for (auto& stream : streams) {
        loop.close(*stream);
    }
    static_cast<void>(loop.wait(TimePoint::min()));
    EXPECT_FALSE(loop.next(event));
}

TEST_P(ManyTest, PlacesAreUsedAgain) {
    std::uint32_t highest = 0;
    for (int round = 0; round < 500; ++round) {
        auto& side = bench.connect();
        highest = std::max(highest, side.stream.index);
        side.peer->write("x");
        ASSERT_TRUE(bench.until([&] { return side.got == "x"; }));
        bench.close(side);
        bench.idle();
        bench.sides.clear();
    }
    EXPECT_LE(highest, 2U);
}

}  // namespace
}  // namespace cenote::io::test
