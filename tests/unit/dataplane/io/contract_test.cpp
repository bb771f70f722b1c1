// Bytes both ways, back-pressure, wake-ups and deadlines: what every user of a loop relies on.
#include "tests/unit/dataplane/io/harness.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace cenote::io::test {
namespace {

using ContractTest = TransportTest;
using WakeTest = LoopTest;

CENOTE_BOTH_ENGINES_AND_TRANSPORTS(ContractTest);
CENOTE_BOTH_ENGINES(WakeTest);

TEST_P(ContractTest, CarriesBytesOfAnySizeInOrderBothWays) {
    std::mt19937 random(1);
    auto& side = connect();
    std::string in;
    std::string out;
    const auto size = [&random] {
        const auto kind = random() % 10;
        return kind < 6 ? 1 + random() % 200 : kind < 9 ? random() % 20'000 : random() % 300'000;
    };
    for (int round = 0; round < 300; ++round) {
        const auto there = random_bytes(random, size());
        const auto back = random_bytes(random, size());
        in += there;
        out += back;
        side.peer->write(there);
        bench.loop.send(side.stream, back);
        if (random() % 3 == 0) {
            bench.turn();
        }
        if (random() % 3 == 0) {
            side.peer->read();
        }
    }
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.got.size() == in.size() && side.peer->got.size() == out.size();
    }));
    EXPECT_TRUE(side.got == in);
    EXPECT_TRUE(side.peer->got == out);
    EXPECT_FALSE(bench.loop.sending(side.stream));
    EXPECT_FALSE(side.stream.in);
    EXPECT_FALSE(side.stream.out);
}

TEST_P(ContractTest, OneTurnSubmitsWhatWasSent) {
    auto& side = connect();
    bench.loop.send(side.stream, "first ");
    bench.loop.send(side.stream, "second");
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->got == "first second";
    }));
    EXPECT_TRUE(bench.until([&] { return !bench.loop.sending(side.stream); }));
    EXPECT_EQ(side.sents, 0) << "nobody asked to be told";
}

TEST_P(ContractTest, CongestionIsToldAndItsEndOnce) {
    std::mt19937 random(2);
    auto& side = connect();
    std::string sent;
    while (!bench.loop.congested(side.stream)) {
        const auto more = random_bytes(random, 10'000);
        bench.loop.send(side.stream, more);
        sent += more;
        bench.turn();
        ASSERT_LT(sent.size(), std::size_t{64} << 20U);
    }
    side.stream.tell_sent = true;
    bench.idle();
    EXPECT_TRUE(bench.loop.sending(side.stream));
    EXPECT_EQ(side.sents, 0);
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.sents != 0;
    }));
    EXPECT_FALSE(bench.loop.congested(side.stream));
    EXPECT_FALSE(side.stream.tell_sent);
    side.peer->read();
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->got.size() == sent.size();
    }));
    EXPECT_TRUE(side.peer->got == sent);
    bench.loop.send(side.stream, "more");
    bench.idle();
    EXPECT_EQ(side.sents, 1);
}

TEST_P(ContractTest, SentBytesGoOnWhileTheStreamIsPaused) {
    std::mt19937 random(3);
    auto& side = connect();
    const auto sent = random_bytes(random, 8 << 20);
    bench.loop.send(side.stream, sent);
    bench.loop.pause(side.stream, Paused::kWatchError);
    side.peer->write("unread");
    EXPECT_TRUE(bench.until([&] {
        side.peer->read();
        return side.peer->got.size() == sent.size();
    }));
    EXPECT_TRUE(side.peer->got == sent);
    EXPECT_EQ(side.got, "");
    bench.loop.resume(side.stream);
    EXPECT_TRUE(bench.until([&] { return side.got == "unread"; }));
}

TEST_P(ContractTest, WhatIsKeptComesBeforeWhatIsFresh) {
    auto& side = connect();
    side.on_bytes = [&](std::string_view bytes) {
        const auto whole = bytes.substr(0, bytes.rfind('.') + 1);
        side.got += whole;
        bench.loop.keep(side.stream, bytes.substr(whole.size()));
    };
    for (const auto* piece : {"a", "b.c", "", "d.e.f", "g."}) {
        side.peer->write(piece);
        bench.idle();
    }
    EXPECT_TRUE(bench.until([&] { return side.got == "ab.cd.e.fg."; })) << side.got;
    EXPECT_FALSE(side.stream.in);
}

TEST_P(WakeTest, AnotherThreadEndsAWaitEachTime) {
    std::atomic<int> asked = 0;
    std::atomic<int> seen = 0;
    constexpr int kRounds = 200;
    std::thread other([&] {
        for (int round = 0; round < kRounds; ++round) {
            asked.fetch_add(1);
            bench.loop.wake();
            while (seen.load() <= round) {
                std::this_thread::yield();
            }
        }
    });
    while (seen < kRounds) {
        if (bench.loop.wait(TimePoint::max())) {
            seen = asked.load();
        }
        Event event;
        EXPECT_FALSE(bench.loop.next(event));
    }
    other.join();
}

TEST_P(WakeTest, ManyThreadsAndTheirMailboxLoseNoLetter) {
    constexpr int kThreads = 4;
    constexpr int kLetters = 2000;
    std::atomic<int> mailbox = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (int letter = 0; letter < kLetters; ++letter) {
                mailbox.fetch_add(1);
                bench.loop.wake();
            }
        });
    }
    int taken = 0;
    while (taken < kThreads * kLetters) {
        // Read only when woken: a wake-up that is lost leaves this waiting for ever.
        if (bench.loop.wait(TimePoint::max())) {
            taken += mailbox.exchange(0);
        }
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

TEST_P(WakeTest, AWakeBeforeTheFirstWaitCounts) {
    bench.loop.wake();
    bench.loop.wake();
    EXPECT_TRUE(bench.loop.wait(TimePoint::max()));
    EXPECT_FALSE(bench.loop.wait(TimePoint::min()));
}

TEST_P(WakeTest, TheLoopIsMadeOnAThreadAndUsedOnAnother) {
    auto& side = bench.connect();
    side.peer->write("hello");
    std::thread worker([&] { EXPECT_TRUE(bench.until([&] { return side.got == "hello"; })); });
    worker.join();
    // Its streams are closed where they were used; here the loop ends.
    std::thread closer([&] { side.peer->close(); });
    closer.join();
    ::testing::Test::RecordProperty("engine", bench.loop.engine() == Engine::kEpoll ? "epoll" : "io_uring");
}

TEST_P(WakeTest, ADeadlineThatIsOverDoesNotWaitAndOneToComeDoes) {
    EXPECT_FALSE(bench.loop.wait(TimePoint::min()));
    EXPECT_FALSE(bench.loop.wait(Clock::now()));
    const auto deadline = Clock::now() + std::chrono::milliseconds(2);
    while (Clock::now() < deadline) {
        EXPECT_FALSE(bench.loop.wait(deadline));
    }
    auto& side = bench.connect();
    side.peer->write("x");
    while (side.got.empty()) {
        bench.turn(TimePoint::max());  // ends for the bytes
    }
}

}  // namespace
}  // namespace cenote::io::test
