// How streams end: last words, half a close, a broken peer, and close() with everything in flight.
#include "tests/unit/dataplane/io/harness.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace cenote::io::test {
namespace {

using EndsTest = TransportTest;
CENOTE_BOTH_ENGINES_AND_TRANSPORTS(EndsTest);

TEST_P(EndsTest, LastWordsComeBeforeTheEnd) {
    auto& side = connect();
    side.on_bytes = [&](std::string_view bytes) {
        EXPECT_EQ(side.ends, 0);
        side.got += bytes;
    };
    side.peer->write("good");
    side.peer->write("bye");
    side.peer->close();
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
    EXPECT_EQ(side.got, "goodbye");
    bench.close(side);
    bench.idle();
    EXPECT_EQ(side.ends, 1);
}

TEST_P(EndsTest, ManyLastWordsComeBeforeTheEnd) {
    std::mt19937 random(1);
    auto& side = connect();
    const auto words = random_bytes(random, 1'000'000);
    side.peer->write(words);
    EXPECT_TRUE(bench.until([&] { return side.peer->unwritten.empty(); }));
    side.peer->close();
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
    EXPECT_TRUE(side.got == words);
}

TEST_P(EndsTest, HalfACloseSendsAllAndGoesOnReading) {
    std::mt19937 random(2);
    auto& side = connect();
    const auto sent = random_bytes(random, 6 << 20);
    bench.loop.send(side.stream, sent);
    bench.loop.finish_sending(side.stream);
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->ended;
    }));
    EXPECT_TRUE(side.peer->got == sent);
    side.peer->write("still heard");
    EXPECT_TRUE(bench.until([&] { return side.got == "still heard"; }));
    EXPECT_EQ(side.ends, 0);
    side.peer->close();
    EXPECT_TRUE(bench.until([&] { return side.ends == 1; }));
}

TEST_P(EndsTest, HalfACloseWithNothingToSendIsSeenAtOnce) {
    auto& side = connect();
    bench.loop.finish_sending(side.stream);
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->ended;
    }));
}

TEST_P(EndsTest, APeerThatHalfClosesStillGetsItsAnswer) {
    std::mt19937 random(3);
    auto& side = connect();
    side.peer->write("question");
    side.peer->shut_down();
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
    EXPECT_EQ(side.got, "question");
    const auto answer = random_bytes(random, 2 << 20);
    bench.loop.pause(side.stream, Paused::kWatchError);
    bench.loop.send(side.stream, answer);
    bench.loop.finish_sending(side.stream);
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->ended;
    }));
    EXPECT_TRUE(side.peer->got == answer);
}

TEST_P(EndsTest, ABrokenPeerWhileSendingEndsByReadingBehindItsLastWords) {
    std::mt19937 random(4);
    auto& side = connect();
    side.peer->write("last words");
    ASSERT_TRUE(bench.until([&] { return side.got == "last words"; }));
    bench.loop.send(side.stream, random_bytes(random, 8 << 20));
    side.stream.tell_sent = true;
    bench.idle();
    EXPECT_TRUE(bench.loop.sending(side.stream));
    side.peer->close();  // with bytes unread: TCP answers with a reset
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
    for (int i = 0; i < 10 && !side.stream.broken; ++i) {
        bench.loop.send(side.stream, "into the void");
        bench.turn();
    }
    EXPECT_TRUE(side.stream.broken);
    EXPECT_FALSE(bench.loop.sending(side.stream));
    EXPECT_LE(side.sents, 1);
    bench.close(side);
}

TEST_P(EndsTest, ABrokenPeerFreesWhoWaitsForItsCongestion) {
    std::mt19937 random(5);
    auto& side = connect();
    bench.loop.send(side.stream, random_bytes(random, 8 << 20));
    bench.idle();
    ASSERT_TRUE(bench.loop.congested(side.stream));
    side.stream.tell_sent = true;
    bench.loop.pause(side.stream, Paused::kWatchError);
    bench.idle();
    side.peer->close();
    EXPECT_TRUE(bench.until([&] { return side.sents == 1; }));
    EXPECT_EQ(side.ends, 0) << "only looked for when it is read again";
    EXPECT_FALSE(bench.loop.sending(side.stream));
    bench.loop.resume(side.stream);
    EXPECT_TRUE(bench.until([&] { return side.ends != 0; }));
}

TEST_P(EndsTest, WordsSentJustBeforeACloseArrive) {
    for (int turns = 0; turns < 3; ++turns) {
        for (int earlier = 0; earlier < 2; ++earlier) {
            auto& side = connect();
            bench.idle();
            if (earlier != 0) {
                // Submitted, and its completion not looked at when the next words and the close come.
                bench.loop.send(side.stream, "result ");
                static_cast<void>(bench.loop.wait(TimePoint::min()));
            }
            bench.loop.send(side.stream, "FATAL");
            for (int i = 0; i < turns; ++i) {
                static_cast<void>(bench.loop.wait(TimePoint::min()));
            }
            bench.close(side);
            EXPECT_TRUE(bench.until([&] {
                side.peer->read();
                return side.peer->ended;
            })) << "the peer sees the end though nobody turns the loop for it";
            EXPECT_EQ(side.peer->got, earlier != 0 ? "result FATAL" : "FATAL");
        }
    }
}

TEST_P(EndsTest, ThePeerSeesTheEndBeforeTheLoopTurnsAgain) {
    auto& side = connect();
    bench.idle();
    bench.close(side);
    for (int i = 0; i < 1000 && !side.peer->ended; ++i) {
        side.peer->read();
    }
    EXPECT_TRUE(side.peer->ended);
}

// Receives and sends in flight; the descriptor's number and the Stream's memory are another's at once.
TEST_P(EndsTest, ClosedInFlightNothingComesAndItsNumberAndMemoryAreFree) {
    std::mt19937 random(6);
    const auto much = random_bytes(random, 4 << 20);
    auto& old = connect();
    std::vector<std::unique_ptr<Peer>> peers;
    for (int round = 0; round < 300; ++round) {
        const int number = old.stream.fd;
        if (round % 3 != 0) {
            bench.loop.send(old.stream, std::string_view(much).substr(0, 1 + random() % much.size()));
        }
        if (round % 4 != 0) {
            old.peer->write("for the old one");
        }
        for (auto turns = random() % 3; turns != 0; --turns) {
            bench.turn();
        }
        if (round % 5 == 0) {
            bench.loop.pause(old.stream, round % 2 == 0 ? Paused::kWatchEnd : Paused::kWatchError);
        }
        if (round % 7 == 0) {
            static_cast<void>(bench.loop.wait(TimePoint::min()));
        }
        bench.close(old);
        EXPECT_EQ(old.stream.fd, -1);
        EXPECT_EQ(old.stream.index, 0U);

        // The same memory, and the same number: the lowest that is free.
        peers.push_back(std::move(old.peer));
        old.got.clear();
        old.ends = 0;
        const auto sockets = make_sockets(std::get<1>(GetParam()));
        static_cast<Stream&>(old) = Stream{};
        old.stream.fd = sockets.mine;
        if (std::get<1>(GetParam()) == Transport::kUnix) {
            EXPECT_EQ(sockets.mine, number);
        }
        old.peer = std::make_unique<Peer>(sockets.other);
        bench.adopt(old);
        const auto words = random_bytes(random, 1 + random() % 20'000);
        old.peer->write(words);
        bench.loop.send(old.stream, "hello");
        ASSERT_TRUE(bench.until([&] {
            old.peer->read();
            return old.got.size() == words.size() && old.peer->got.size() == 5;
        }));
        EXPECT_TRUE(old.got == words);
        EXPECT_EQ(old.ends, 0);
        peers.back()->read();
        EXPECT_TRUE(bench.until([&] {
            peers.back()->read();
            return peers.back()->ended || peers.back()->broken;
        }));
        peers.back()->close();
    }
}

TEST_P(EndsTest, ALoopEndsWithStreamsAndAnswersInFlight) {
    std::mt19937 random(7);
    for (int round = 0; round < 10; ++round) {
        Bench other(std::get<0>(GetParam()));
        for (int i = 0; i < 5; ++i) {
            auto& side = other.connect(std::get<1>(GetParam()));
            other.loop.send(side.stream, random_bytes(random, i % 2 == 0 ? 10 : 4 << 20));
            side.peer->write("unread");
            if (round % 2 == 0) {
                static_cast<void>(other.loop.wait(TimePoint::min()));
            }
        }
    }
}

}  // namespace
}  // namespace cenote::io::test
