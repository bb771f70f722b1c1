// Large messages, floods, and streams that change between small and large.
#include "tests/unit/dataplane/io/harness.hpp"

namespace cenote::io::test {
namespace {

using BulkTest = TransportTest;
CENOTE_BOTH_ENGINES_AND_TRANSPORTS(BulkTest);

TEST_P(BulkTest, SmallAndLargeMessagesInTurns) {
    std::mt19937 random(1);
    auto& side = connect();
    std::string in;
    for (int round = 0; round < 400; ++round) {
        // Runs of each kind, so that the stream changes its mind both ways.
        const bool large = round / 25 % 2 == 0;
        const auto more = random_bytes(random, large ? 65'536 + random() % 65'536 : 1 + random() % 100);
        in += more;
        side.peer->write(more);
        bench.turn();
        side.peer->pump();
        if (random() % 16 == 0) {
            bench.loop.pause(side.stream, Paused::kWatchError);
            bench.turn();
            bench.loop.resume(side.stream);
        }
    }
    EXPECT_TRUE(bench.until([&] { return side.got.size() == in.size(); }));
    EXPECT_TRUE(side.got == in);
}

TEST_P(BulkTest, AMessageOfExactlyABuffer) {
    std::mt19937 random(2);
    for (const std::size_t size : {4096U, 8192U, 16384U, 65536U, 131072U, 262144U}) {
        for (const std::size_t near : {size - 1, size, size + 1}) {
            auto& side = connect();
            const auto bytes = random_bytes(random, near);
            side.peer->write(bytes);
            EXPECT_TRUE(bench.until([&] { return side.got.size() == bytes.size(); }));
            side.peer->write("next");
            EXPECT_TRUE(bench.until([&] { return side.got.size() == bytes.size() + 4; }));
            EXPECT_TRUE(side.got == bytes + "next");
            bench.close(side);
        }
    }
}

TEST_P(BulkTest, AFloodDoesNotStarveTheOthers) {
    std::mt19937 random(3);
    auto& flood = connect();
    const auto bytes = random_bytes(random, 1 << 20);
    std::vector<Side*> quiet;
    for (int i = 0; i < 10; ++i) {
        quiet.push_back(&connect());
    }
    // The flood's peer writes on at each of its events.
    flood.on_bytes = [&](std::string_view) { flood.peer->write(flood.peer->unwritten.empty() ? std::string_view(bytes) : ""); };
    flood.peer->write(bytes);
    for (int round = 0; round < 50; ++round) {
        for (auto* side : quiet) {
            side->got.clear();
            side->peer->write("query");
        }
        // One wait may collect the flood before them, and no more than one.
        for (int i = 0; i < 3; ++i) {
            bench.turn();
        }
        for (const auto* side : quiet) {
            EXPECT_EQ(side->got, "query") << round;
        }
    }
}

TEST_P(BulkTest, ManyFloodsAtOnceAllArrive) {
    std::mt19937 random(4);
    const auto bytes = random_bytes(random, 3'000'000);
    std::vector<Side*> floods;
    for (int i = 0; i < 40; ++i) {
        floods.push_back(&connect());
        floods.back()->peer->write(std::string_view(bytes).substr(static_cast<std::size_t>(i)));
    }
    EXPECT_TRUE(bench.until([&] {
        for (std::size_t i = 0; i < floods.size(); ++i) {
            if (floods[i]->got.size() != bytes.size() - i) {
                return false;
            }
        }
        return true;
    }));
    for (std::size_t i = 0; i < floods.size(); ++i) {
        EXPECT_TRUE(floods[i]->got == std::string_view(bytes).substr(i));
    }
}

// Relayed through the loop with back-pressure, as a result set to a client that reads slowly.
TEST_P(BulkTest, ARelayWithASlowReaderKeepsItsMemoryAndEveryByte) {
    std::mt19937 random(5);
    auto& server = connect();
    auto& client = connect();
    const auto result = random_bytes(random, 24 << 20);
    std::size_t most = 0;
    server.on_bytes = [&](std::string_view bytes) {
        bench.loop.send(client.stream, bytes);
        if (bench.loop.congested(client.stream)) {
            client.stream.tell_sent = true;
            bench.loop.pause(server.stream, Paused::kWatchError);
        }
        most = std::max(most, client.stream.out ? client.stream.out->size() : 0);
    };
    server.peer->write(result);
    std::vector<char> piece(100'000);
    int told = 0;
    EXPECT_TRUE(bench.until([&] {
        if (client.sents != told) {
            told = client.sents;
            bench.loop.resume(server.stream);
        }
        client.peer->read();
        return client.peer->got.size() == result.size();
    }));
    EXPECT_TRUE(client.peer->got == result);
    EXPECT_LT(most, std::size_t{4} << 20U);
}

}  // namespace
}  // namespace cenote::io::test
