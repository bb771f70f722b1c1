#include "dataplane/pool/budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>
#include <vector>

namespace cenote::pool {
namespace {

using std::chrono::milliseconds;
const TimePoint kStart = TimePoint{} + std::chrono::hours(1);
const auto kNobody = [](Budget::Claim& /*claim*/) {};

TEST(Budget, WithoutALimitEverybodyGetsAPlace) {
    Budget budget;
    Budget::Claim claim;
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(budget.try_take(claim, kStart));
    }
    EXPECT_EQ(budget.used(), 100);
    EXPECT_FALSE(budget.contested());
}

TEST(Budget, TheLongestWaitingIsWokenAndNobodyGetsPastIt) {
    Budget budget;
    budget.set_limit(1);
    Budget::Claim holder;
    Budget::Claim early;
    Budget::Claim late;
    ASSERT_TRUE(budget.try_take(holder, kStart));
    EXPECT_FALSE(budget.try_take(late, kStart + milliseconds(20)));
    EXPECT_FALSE(budget.try_take(early, kStart + milliseconds(10)));
    EXPECT_TRUE(budget.must_cede(kStart + milliseconds(15)));
    EXPECT_FALSE(budget.must_cede(kStart + milliseconds(5)));
    Budget::Claim* woken = nullptr;
    budget.give_back([&](Budget::Claim& claim) { woken = &claim; });
    EXPECT_EQ(woken, &early);
    EXPECT_FALSE(budget.try_take(late, kStart + milliseconds(20))) << "it came later";
    EXPECT_FALSE(budget.try_take(holder, kStart + milliseconds(30)));
    EXPECT_TRUE(budget.try_take(early, kStart + milliseconds(10)));
    budget.forget(late, kNobody);
    budget.forget(holder, kNobody);
    EXPECT_FALSE(budget.contested());
}

TEST(Budget, WhoGivesUpWakesTheNext) {
    Budget budget;
    budget.set_limit(1);
    Budget::Claim holder;
    Budget::Claim first;
    Budget::Claim second;
    ASSERT_TRUE(budget.try_take(holder, kStart));
    EXPECT_FALSE(budget.try_take(first, kStart));
    EXPECT_FALSE(budget.try_take(second, kStart + milliseconds(1)));
    budget.give_back(kNobody);
    Budget::Claim* woken = nullptr;
    budget.forget(first, [&](Budget::Claim& claim) { woken = &claim; });
    EXPECT_EQ(woken, &second);
    budget.forget(second, kNobody);
}

TEST(Budget, ALoweredLimitIsSeenAndKept) {
    Budget budget;
    budget.set_limit(3);
    Budget::Claim claim;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(budget.try_take(claim, kStart));
    }
    budget.set_limit(1);
    EXPECT_TRUE(budget.over());
    budget.give_back(kNobody);
    EXPECT_FALSE(budget.try_take(claim, kStart));
    budget.give_back(kNobody);
    EXPECT_FALSE(budget.over());
    budget.forget(claim, kNobody);
}

TEST(Budget, IsNeverExceededByManyThreads) {
    Budget budget;
    budget.set_limit(5);
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            Budget::Claim claim;
            for (int i = 0; i < 20'000; ++i) {
                if (budget.try_take(claim, kStart + milliseconds(i))) {
                    const int used = budget.used();
                    int seen = most.load();
                    while (used > seen && !most.compare_exchange_weak(seen, used)) {}
                    budget.give_back(kNobody);
                }
            }
            budget.forget(claim, kNobody);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_LE(most, 5);
    EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace cenote::pool
