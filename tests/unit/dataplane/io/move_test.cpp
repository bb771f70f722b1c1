// Streams that go from one loop to another, as servers do between workers.
#include "tests/unit/dataplane/io/harness.hpp"

namespace cenote::io::test {
namespace {

using MoveTest = TransportTest;
CENOTE_BOTH_ENGINES_AND_TRANSPORTS(MoveTest);

// Off the loop, with what raced it taken as the next owner would.
void leave(Bench& from, Side& side) {
    EXPECT_FALSE(from.loop.sending(side.stream));
    if (!from.loop.leave(side.stream)) {
        side.left = false;
        ASSERT_TRUE(from.until([&] { return side.left; }));
    }
    EXPECT_EQ(side.stream.index, 0U);
    side.got += from.loop.gather(side.stream, {});
}

TEST_P(MoveTest, AThousandMovesUnderTrafficLoseAndDoubleNothing) {
    std::mt19937 random(1);
    Bench other(std::get<0>(GetParam()));
    auto& side = connect();
    std::string in;
    std::string out;
    Bench* at = &bench;
    Bench* next = &other;
    for (int move = 0; move < 1000; ++move) {
        const auto more = random_bytes(random, random() % 8 == 0 ? random() % 60'000 : random() % 300);
        in += more;
        side.peer->write(more);
        if (random() % 2 == 0) {
            const auto back = random_bytes(random, random() % 3000);
            out += back;
            at->loop.send(side.stream, back);
        }
        for (auto turns = random() % 3; turns != 0; --turns) {
            at->turn();
        }
        if (random() % 4 == 0) {
            at->loop.pause(side.stream, random() % 2 == 0 ? Paused::kWatchEnd : Paused::kWatchError);
            for (auto turns = random() % 3; turns != 0; --turns) {
                at->turn();
                side.peer->pump();
            }
        }
        ASSERT_TRUE(at->until([&] {
            side.peer->read();
            return !at->loop.sending(side.stream);
        }));
        leave(*at, side);
        side.peer->pump();
        next->adopt(side);
        std::swap(at, next);
    }
    ASSERT_TRUE(at->until([&] {
        side.peer->pump();
        side.peer->read();
        return side.got.size() == in.size() && side.peer->got.size() == out.size();
    })) << side.got.size()
        << " of " << in.size() << ", " << side.peer->got.size() << " of " << out.size();
    EXPECT_TRUE(side.got == in);
    EXPECT_TRUE(side.peer->got == out);
    EXPECT_EQ(side.ends, 0);
    at->loop.close(side.stream);
}

TEST_P(MoveTest, AStreamThatWasNeverCollectedLeavesAtOnce) {
    auto& side = connect();
    EXPECT_TRUE(bench.loop.leave(side.stream));
    bench.idle();
    bench.adopt(side);
    side.peer->write("x");
    EXPECT_TRUE(bench.until([&] { return side.got == "x"; }));
}

TEST_P(MoveTest, TheEndIsSeenWhereItGoes) {
    for (const bool words : {false, true}) {
        for (const bool early : {false, true}) {
            Bench other(std::get<0>(GetParam()));
            auto& side = connect();
            bench.idle();
            if (words) {
                side.peer->write("last words");
            }
            if (early) {
                side.peer->close();
            }
            leave(bench, side);
            side.peer->close();
            EXPECT_EQ(side.ends, 0);
            other.adopt(side);
            EXPECT_TRUE(other.until([&] { return side.ends != 0; }));
            EXPECT_EQ(side.got, words ? "last words" : "");
            other.loop.close(side.stream);
        }
    }
}

TEST_P(MoveTest, APausedAndWatchedStreamLeaves) {
    for (const bool unread : {false, true}) {
        Bench other(std::get<0>(GetParam()));
        auto& side = connect();
        bench.idle();
        bench.loop.pause(side.stream, Paused::kWatchEnd);
        if (unread) {
            side.peer->write("kept ");
            bench.idle();
        }
        bench.loop.resume(side.stream);
        bench.loop.pause(side.stream, Paused::kWatchEnd);
        bench.idle();
        leave(bench, side);
        side.peer->write("and fresh");
        other.adopt(side);
        EXPECT_TRUE(other.until([&] { return side.got == (unread ? "kept and fresh" : "and fresh"); })) << side.got;
        other.loop.close(side.stream);
    }
}

TEST_P(MoveTest, AStreamThatIsLeavingMayBeClosed) {
    auto& side = connect();
    bench.idle();
    if (!bench.loop.leave(side.stream)) {
        side.peer->write("nobody's");
        bench.close(side);
    } else {
        ::testing::Test::RecordProperty("left", "at once");
        bench.close(side);
    }
    bench.idle();
    EXPECT_FALSE(side.left);
    EXPECT_EQ(side.got, "");
    side.peer->read();
    EXPECT_TRUE(side.peer->ended || side.peer->broken);
}

TEST_P(MoveTest, WhatWasToBeSentGoesFromTheNextLoop) {
    auto& side = connect();
    bench.idle();
    leave(bench, side);
    side.stream.out = std::make_unique<std::string>("from the gate");
    bench.adopt(side);
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->got == "from the gate";
    }));
}

}  // namespace
}  // namespace cenote::io::test
