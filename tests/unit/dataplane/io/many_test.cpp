// Thousands of streams on one loop.
#include "tests/unit/dataplane/io/harness.hpp"

#include <sys/resource.h>

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

// Both ends of each pair are on the loop: a message goes round every pair.
TEST_P(ManyTest, TenThousandStreams) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto before = limit;
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const std::size_t pairs = std::min<std::size_t>(5000, (limit.rlim_cur - 100) / 2);
    if (pairs < 5000) {
        std::fprintf(
            stderr, "*** with %zu streams only: the limit of descriptors is %ju\n", pairs * 2, static_cast<std::uintmax_t>(limit.rlim_cur)
        );
    }
    {
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
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
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
