// A stream that is not read: what comes meanwhile waits, and is given once, in order, when it is read again.
#include "tests/unit/dataplane/io/harness.hpp"

namespace cenote::io::test {
namespace {

using PauseTest = TransportTest;
using OrderTest = LoopTest;
CENOTE_BOTH_ENGINES_AND_TRANSPORTS(PauseTest);
CENOTE_BOTH_ENGINES(OrderTest);

// Every order of writing, pausing, resuming, collecting and turning, seven deep.
TEST_P(OrderTest, NoOrderOfPausesLosesOrDoublesAByte) {
    constexpr int kDepth = 7;
    constexpr int kOps = 4;
    int orders = 1;
    for (int i = 0; i < kDepth; ++i) {
        orders *= kOps;
    }
    auto& side = bench.connect();
    std::string written;
    for (int order = 0; order < orders; ++order) {
        const auto watch = order % 3 == 0 ? Paused::kWatchEnd : Paused::kWatchError;
        for (int rest = order, i = 0; i < kDepth; ++i, rest /= kOps) {
            switch (rest % kOps) {
                case 0:
                    written.push_back(static_cast<char>('a' + i));
                    side.peer->write(std::string_view(written).substr(written.size() - 1));
                    break;
                case 1:
                    bench.loop.pause(side.stream, watch);
                    break;
                case 2:
                    bench.loop.resume(side.stream);
                    break;
                default:
                    bench.turn();  // whose events fail the test when the stream is paused
            }
        }
        if (order % 64 == 0) {
            bench.loop.resume(side.stream);
            ASSERT_TRUE(bench.until([&] { return side.got.size() >= written.size(); })) << order;
            ASSERT_TRUE(side.got == written) << order;
            side.got.clear();
            written.clear();
        }
    }
    bench.loop.resume(side.stream);
    ASSERT_TRUE(bench.until([&] { return side.got.size() >= written.size(); }));
    ASSERT_TRUE(side.got == written);
    EXPECT_EQ(side.ends, 0);
}

// Paused by an event while more of its bytes are collected already.
TEST_P(PauseTest, BytesThatRacedAPauseComeWhenItIsReadAgain) {
    for (const auto watch : {Paused::kWatchEnd, Paused::kWatchError}) {
        std::mt19937 random(1);
        auto& side = connect();
        const auto bytes = random_bytes(random, 150'000);
        int events = 0;
        side.on_bytes = [&](std::string_view piece) {
            ++events;
            side.got += piece;
            bench.loop.pause(side.stream, watch);
        };
        side.peer->write(bytes);
        ASSERT_TRUE(bench.until([&] {
            if (side.stream.reading) {
                return side.got.size() == bytes.size();
            }
            const auto before = events;
            bench.idle();
            EXPECT_EQ(events, before) << "a paused stream is silent";
            bench.loop.resume(side.stream);
            return false;
        }));
        EXPECT_TRUE(side.got == bytes);
        bench.close(side);
    }
}

TEST_P(PauseTest, TheOwnerMayTakeRacedBytesItself) {
    auto& side = connect();
    bench.idle();
    bench.loop.pause(side.stream, Paused::kWatchEnd);
    side.peer->write("one ");
    bench.idle();
    side.peer->write("two");
    bench.idle();
    side.got += bench.loop.gather(side.stream, {});
    bench.loop.resume(side.stream);
    EXPECT_TRUE(bench.until([&] { return side.got == "one two"; }));
    bench.idle();
    EXPECT_EQ(side.got, "one two");
}

TEST_P(PauseTest, TheEndOfAPausedStreamIsToldWhenItIsWatched) {
    for (const bool unread : {false, true}) {
        for (const bool early : {false, true}) {
            auto& side = connect();
            if (early) {
                bench.idle();
            }
            bench.loop.pause(side.stream, Paused::kWatchEnd);
            if (unread) {
                side.peer->write("unread");
                bench.idle();
                side.peer->write("more");
            }
            bench.idle();
            EXPECT_EQ(side.ends, 0);
            side.peer->close();
            EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
            EXPECT_EQ(side.got, "");
            bench.close(side);
        }
    }
}

TEST_P(PauseTest, TheEndOfAnUnwatchedStreamIsSeenWhenItIsReadAgain) {
    for (const bool unread : {false, true}) {
        auto& side = connect();
        bench.idle();
        bench.loop.pause(side.stream, Paused::kWatchError);
        if (unread) {
            side.peer->write("left behind");
        }
        side.peer->close();
        bench.idle();
        EXPECT_EQ(side.ends, 0);
        bench.loop.resume(side.stream);
        EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
        EXPECT_EQ(side.got, unread ? "left behind" : "");
        bench.close(side);
    }
}

TEST_P(PauseTest, TheEndIsToldWhenTheWatchBeginsLater) {
    auto& side = connect();
    bench.idle();
    bench.loop.pause(side.stream, Paused::kWatchError);
    side.peer->close();
    bench.idle();
    EXPECT_EQ(side.ends, 0);
    bench.loop.pause(side.stream, Paused::kWatchEnd);
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
}

// Bytes and the end are collected already when the pause comes.
TEST_P(PauseTest, AnEndThatRacedAPauseComesBehindItsBytes) {
    for (const bool watch_later : {false, true}) {
        auto& side = connect();
        bench.idle();
        side.on_bytes = [&](std::string_view bytes) {
            EXPECT_TRUE(watch_later || side.ends == 0);
            side.got += bytes;
        };
        side.peer->write("last words");
        side.peer->close();
        static_cast<void>(bench.loop.wait(TimePoint::min()));
        bench.loop.pause(side.stream, Paused::kWatchError);
        bench.idle();
        EXPECT_EQ(side.got, "");
        EXPECT_EQ(side.ends, 0);
        if (watch_later) {
            bench.loop.pause(side.stream, Paused::kWatchEnd);
            EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
            EXPECT_EQ(side.got, "");
            side.ends = 0;
        }
        bench.loop.resume(side.stream);
        EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
        EXPECT_EQ(side.got, "last words");
        bench.close(side);
    }
}

// However long it is paused, what the loop takes in for it is bounded; the rest waits in the socket and holds up its peer.
TEST_P(PauseTest, APausedStreamHoldsUpItsPeer) {
    std::mt19937 random(2);
    for (const auto watch : {Paused::kWatchEnd, Paused::kWatchError}) {
        auto& side = connect();
        bench.idle();
        bench.loop.pause(side.stream, watch);
        const auto flood = random_bytes(random, 16 << 20);
        side.peer->write(flood);
        for (int i = 0; i < 50; ++i) {
            bench.turn();
            side.peer->pump();
        }
        EXPECT_FALSE(side.peer->unwritten.empty());
        EXPECT_LT(side.stream.in ? side.stream.in->size() : 0, std::size_t{3} << 20U);
        bench.loop.resume(side.stream);
        EXPECT_TRUE(bench.until([&] { return side.got.size() == flood.size(); }));
        EXPECT_TRUE(side.got == flood);
        bench.close(side);
    }
}

}  // namespace
}  // namespace cenote::io::test
