#include "crew.hpp"

#include <random>
#include <tuple>

namespace cenote::worker {
namespace {

using test::Caller;
using test::CrewTest;

// Everything at once, in an order that a seed chooses: queries, transactions, clients that leave, servers that die, pauses, reconnects,
// cancels and reloads. Foreign answers are seen by the callers; at the end nobody is stuck and no place is lost.
class Orders : public testing::TestWithParam<std::tuple<unsigned, io::Engine>> {};

TEST_P(Orders, NobodyGetsAForeignAnswerAndNothingIsLost) {
    const auto [seed, engine] = GetParam();
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    const std::size_t workers = 1 + pick(4);
    const std::string mode = pick(3) == 0 ? "session" : "transaction";
    CrewTest crew(workers, "pool_mode=" + mode + "\ndefault_pool_size=3\nmax_db_connections=" + std::to_string(pick(2) * 4) + "\n", engine);
    std::vector<std::pair<registry::CancelOrder, int>> cancels;
    int number = 0;
    for (int step = 0; step < 600; ++step) {
        switch (pick(24)) {
            case 0:
                if (crew.callers.size() < 24) {
                    crew.client(pick(workers), "db" + std::to_string(pick(2)), "user" + std::to_string(pick(2)));
                }
                break;
            case 1:
                if (!crew.callers.empty() && pick(4) == 0) {
                    crew.callers[pick(crew.callers.size())]->peer.hang_up();
                }
                break;
            case 2:
                if (!crew.backends.empty() && pick(4) == 0) {
                    crew.backends[pick(crew.backends.size())]->peer.hang_up();
                }
                break;
            case 3:
                if (!crew.dialled.empty() && pick(3) == 0) {
                    crew.refuse_one();
                }
                break;
            case 4:
                for (const auto& pool : crew.process.registry.pools()) {
                    if (pick(6) == 0) {
                        ++pool->epoch;
                        for (auto& worker : crew.workers) {
                            worker->review();
                        }
                    }
                }
                break;
            case 5:
                for (const auto& pool : crew.process.registry.pools()) {
                    const bool pause = pick(3) == 0;
                    {
                        const std::lock_guard lock(pool->mutex);
                        pool->ledger.set_paused(pause);
                    }
                    if (!pause) {
                        crew.workers[pool->keeper]->match_waiters(pool);
                    }
                }
                break;
            case 6:
                crew.now += std::chrono::milliseconds(pick(300));
                break;
            case 7: {
                const auto worker = pick(workers);
                crew.process.workers[worker].find_cancel(
                    static_cast<std::uint32_t>(pick(8)), 42,
                    [&cancels](std::optional<registry::CancelOrder> found) {
                        if (found) {
                            cancels.emplace_back(std::move(*found), 0);
                        }
                    }
                );
                break;
            }
            case 8:
                if (!cancels.empty()) {
                    cancels.back().first.done(static_cast<registry::CancelOrder::Outcome>(pick(3)));
                    cancels.pop_back();
                }
                break;
            case 9:
                crew.connect_one(pick(workers));
                break;
            default:
                if (!crew.callers.empty()) {
                    Caller& caller = *crew.callers[pick(crew.callers.size())];
                    if (!caller.gone() && caller.asked.size() < 3) {
                        const std::string tag = caller.name + " asks " + std::to_string(++number);
                        caller.ask(pick(6) == 0 ? (caller.status == 'T' ? "COMMIT " : "BEGIN ") + tag : "select " + tag);
                    }
                }
                break;
        }
        crew.turn(pick(workers));
        if (!crew.backends.empty()) {
            crew.backends[pick(crew.backends.size())]->answer_one();
        }
        for (auto& caller : crew.callers) {
            caller->listen();
        }
    }
    crew.settle(2);  // cancel requests that are still on their way
    for (auto& [order, unused] : cancels) {
        order.done(registry::CancelOrder::Outcome::kDelivered);
    }
    for (const auto& pool : crew.process.registry.pools()) {
        {
            const std::lock_guard lock(pool->mutex);
            pool->ledger.set_paused(false);
        }
        crew.workers[pool->keeper]->match_waiters(pool);
    }
    // Every transaction ends, every question is answered or its client has been told why not.
    for (int i = 0; i < 40; ++i) {
        for (auto& caller : crew.callers) {
            if (!caller->gone() && caller->asked.empty() && (caller->status == 'T' || mode == "session")) {
                if (caller->status == 'T') {
                    caller->ask("COMMIT " + caller->name);
                } else {
                    caller->peer.hang_up();
                }
            }
        }
        crew.now += std::chrono::milliseconds(200);
        crew.settle(8);
    }
    for (const auto& caller : crew.callers) {
        if (!caller->gone()) {
            EXPECT_TRUE(caller->asked.empty()) << caller->name << " is stuck with " << caller->asked.front() << ", seed " << seed;
        }
        caller->peer.hang_up();
    }
    for (const auto& pool : crew.process.registry.pools()) {
        ++pool->epoch;
    }
    for (auto& worker : crew.workers) {
        worker->review();
    }
    for (int i = 0; i < 20; ++i) {
        crew.now += std::chrono::seconds(2);
        crew.settle(4);
    }
    EXPECT_EQ(crew.process.clients.used(), 0) << "seed " << seed;
    for (const auto& pool : crew.process.registry.pools()) {
        EXPECT_EQ(pool->ledger.total(), 0U) << "seed " << seed;
        EXPECT_EQ(pool->ledger.waiting(), 0U);
        EXPECT_EQ(pool->testing, 0);
        EXPECT_EQ(pool->held, 0);
        EXPECT_EQ(pool->cancel_requests, 0);
        EXPECT_EQ(pool->database->servers.used(), 0);
        EXPECT_EQ(pool->user->servers.used(), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Orders, testing::Combine(testing::Range(1U, 121U), testing::ValuesIn(test::engines())));

}  // namespace
}  // namespace cenote::worker
