#include "dataplane/pool/ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>

namespace cenote::pool {
namespace {

using std::chrono::milliseconds;

struct Fixture : testing::Test {
    TimePoint now{};
    Ledger ledger{2};

    ServerNode& open(WorkerId worker) {
        auto& node = nodes.emplace_back();
        node.worker = worker;
        ledger.opening();
        ledger.connected();
        return node;
    }
    std::deque<ServerNode> nodes;
};

TEST_F(Fixture, TakesTheServerUsedLastOnTheSameWorker) {
    auto& a = open(0);
    auto& b = open(0);
    auto& c = open(1);
    for (auto* server : {&a, &b, &c}) {
        EXPECT_EQ(ledger.release(*server, now), nullptr);
    }
    Waiter client;
    const auto got = ledger.acquire(client, now);
    EXPECT_EQ(got.server, &b);
    EXPECT_FALSE(got.remote);
    EXPECT_EQ(ledger.idle(), 2U);
    EXPECT_EQ(ledger.leased(), 1U);
}

TEST_F(Fixture, RoundRobinTakesTheOldest) {
    auto& a = open(0);
    auto& b = open(0);
    static_cast<void>(ledger.release(a, now));
    static_cast<void>(ledger.release(b, now));
    ledger.set_round_robin(true);
    Waiter client;
    EXPECT_EQ(ledger.acquire(client, now).server, &a);
}

TEST_F(Fixture, NobodyWaitsWhileAServerIsIdleElsewhere) {
    auto& far = open(1);
    static_cast<void>(ledger.release(far, now));
    Waiter client;
    const auto got = ledger.acquire(client, now);
    EXPECT_EQ(got.server, &far);
    EXPECT_TRUE(got.remote);
}

TEST_F(Fixture, ServesWaitersInTheirOrder) {
    auto& server = open(0);
    Waiter first;
    Waiter second;
    EXPECT_EQ(ledger.acquire(first, now).server, nullptr);
    EXPECT_EQ(ledger.acquire(second, now).server, nullptr);
    EXPECT_EQ(ledger.release(server, now), &first);
    EXPECT_EQ(ledger.release(server, now), &second);
    EXPECT_EQ(ledger.release(server, now), nullptr);
    EXPECT_EQ(ledger.idle(), 1U);
}

TEST_F(Fixture, PrefersItsOwnWorkerOnlyBeforeWhoCameLittleEarlier) {
    auto& server = open(0);
    Waiter remote;
    remote.worker = 1;
    Waiter local;
    static_cast<void>(ledger.acquire(remote, now));
    static_cast<void>(ledger.acquire(local, now + milliseconds(1)));
    EXPECT_EQ(ledger.release(server, now + milliseconds(500)), &local) << "however long both have waited";
    static_cast<void>(ledger.acquire(local, now + kLocalPreference));
    EXPECT_EQ(ledger.release(server, now + milliseconds(500)), &remote);
}

TEST_F(Fixture, ACancelledWaiterIsNeverServed) {
    auto& server = open(0);
    Waiter client;
    static_cast<void>(ledger.acquire(client, now));
    EXPECT_TRUE(ledger.cancel(client));
    EXPECT_FALSE(ledger.cancel(client));
    EXPECT_EQ(ledger.release(server, now), nullptr);
}

TEST_F(Fixture, AServerThatWasTakenCannotBeTakenAgain) {
    auto& server = open(0);
    static_cast<void>(ledger.release(server, now));
    EXPECT_TRUE(ledger.take_idle(server));
    EXPECT_FALSE(ledger.take_idle(server));
}

TEST_F(Fixture, PauseHoldsEverybodyAndMatchLetsThemGoInOrder) {
    auto& server = open(0);
    ledger.set_paused(true);
    static_cast<void>(ledger.release(server, now));
    Waiter first;
    Waiter second;
    EXPECT_EQ(ledger.acquire(first, now).server, nullptr);
    EXPECT_EQ(ledger.acquire(second, now).server, nullptr);
    EXPECT_EQ(ledger.match().waiter, nullptr);
    ledger.set_paused(false);
    const auto match = ledger.match();
    EXPECT_EQ(match.waiter, &first);
    EXPECT_EQ(match.server, &server);
    EXPECT_EQ(ledger.match().waiter, nullptr);
    EXPECT_EQ(ledger.waiting(), 1U);
}

// Random scripts: no server is ever with two clients, counts add up, no client waits while a server is idle.
TEST(LedgerProperty, HoldsUnderRandomScripts) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random(seed);
        Ledger ledger(3);
        std::deque<ServerNode> servers(5);
        for (std::size_t i = 0; i < servers.size(); ++i) {
            servers[i].worker = static_cast<WorkerId>(i % 3);
            ledger.opening();
            ledger.connected();
            static_cast<void>(ledger.release(servers[i], {}));
        }
        std::deque<Waiter> clients(20);
        std::map<ServerNode*, Waiter*> leased;
        std::set<Waiter*> waiting;
        TimePoint now{};
        for (int step = 0; step < 2000; ++step) {
            now += milliseconds(random() % 2);
            auto& client = clients[random() % clients.size()];
            const bool busy = std::any_of(leased.begin(), leased.end(), [&](const auto& entry) { return entry.second == &client; });
            if (waiting.contains(&client)) {
                if (random() % 4 == 0) {
                    ASSERT_TRUE(ledger.cancel(client));
                    waiting.erase(&client);
                }
            } else if (!busy) {
                client.worker = static_cast<WorkerId>(random() % 3);
                const auto got = ledger.acquire(client, now);
                if (got.server == nullptr) {
                    waiting.insert(&client);
                } else {
                    ASSERT_TRUE(leased.emplace(got.server, &client).second) << "one server, two clients";
                    got.server->worker = client.worker;
                }
            } else {
                const auto entry = std::find_if(leased.begin(), leased.end(), [&](const auto& e) { return e.second == &client; });
                ServerNode* server = entry->first;
                leased.erase(entry);
                if (Waiter* next = ledger.release(*server, now)) {
                    ASSERT_EQ(waiting.erase(next), 1U);
                    server->worker = next->worker;
                    ASSERT_TRUE(leased.emplace(server, next).second);
                }
            }
            ASSERT_EQ(ledger.leased(), leased.size());
            ASSERT_EQ(ledger.waiting(), waiting.size());
            ASSERT_TRUE(ledger.idle() == 0 || ledger.waiting() == 0);
        }
    }
}

}  // namespace
}  // namespace cenote::pool
