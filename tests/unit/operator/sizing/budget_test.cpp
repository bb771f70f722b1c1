#include "operator/sizing/budget.hpp"

#include <random>

namespace cenote::sizing {
namespace {

using ::testing::HasSubstr;

constexpr ServerSlots kHundred{.max_connections = 100, .superuser_reserved = 3, .reserved = 0, .others = 0};

PoolClaim claim(std::string id, std::int64_t demand, std::int64_t replicas = 1) {
    PoolClaim result;
    result.id = std::move(id);
    result.demand = demand;
    result.replicas = replicas;
    return result;
}

PoolGrant only(const std::optional<ServerSlots>& server, const PoolClaim& pool) {
    return share_budget(server, std::span{&pool, 1}).grants.at(0);
}

TEST(Budget, TheRulesSizeFitsAndSoDoesARollOut) {
    const PoolClaim pool = claim("shop/orders", 12);
    const Budget budget = share_budget(kHundred, std::span{&pool, 1});
    EXPECT_EQ(budget.available, 97);
    EXPECT_EQ(budget.grants[0].per_pod, 12);
    EXPECT_EQ(budget.grants[0].granted, 12);
    EXPECT_EQ(budget.grants[0].charged, 24);
    EXPECT_TRUE(budget.grants[0].within_budget);
    EXPECT_EQ(budget.grants[0].limited_by, "");
}

TEST(Budget, DemandIsDividedByReplicasUpwards) {
    EXPECT_EQ(only(kHundred, claim("a", 24, 2)).per_pod, 12);
    EXPECT_EQ(only(kHundred, claim("a", 25, 2)).per_pod, 13);
    EXPECT_EQ(only(kHundred, claim("a", 25, 2)).granted, 26);
}

TEST(Budget, EverySlotOfOthersIsLeftAlone) {
    EXPECT_EQ(available_slots({100, 3, 2, 15}, 10), 70);
    EXPECT_EQ(available_slots({10, 3, 2, 15}, 10), 0);
}

TEST(Budget, WhatDoesNotFitIsCutAndSaidWithTheNumbers) {
    PoolClaim pool = claim("shop/orders", 100, 2);
    pool.reserve_for_direct = 10;
    const PoolGrant grant = only(ServerSlots{100, 3, 0, 5}, pool);
    EXPECT_EQ(grant.per_pod, 27);  // 82 over 3 pods at once
    EXPECT_FALSE(grant.within_budget);
    EXPECT_EQ(
        grant.limited_by,
        "max_connections 100 - 3 reserved - 10 for direct use - 5 held by others = 82 for 1 pool: 3 pods at once x 27, wanted 50"
    );
}

TEST(Budget, EndingPodsAreCharged) {
    PoolClaim pool = claim("a", 97, 1);
    EXPECT_EQ(only(kHundred, pool).per_pod, 48);
    pool.terminating = 1;
    EXPECT_EQ(only(kHundred, pool).per_pod, 32);
}

TEST(Budget, ACapIsACap) {
    PoolClaim pool = claim("a", 40, 2);
    pool.max_server_connections = 50;
    const PoolGrant grant = only(kHundred, pool);
    EXPECT_EQ(grant.per_pod, 16);
    EXPECT_LE(grant.charged, 50);
    EXPECT_TRUE(grant.within_budget);
    EXPECT_EQ(grant.limited_by, "maxServerConnections 50: 3 pods at once x 16, wanted 20");

    pool.max_server_connections = 2;
    EXPECT_EQ(only(kHundred, pool).per_pod, 1);
    EXPECT_FALSE(only(kHundred, pool).within_budget);
    EXPECT_THAT(only(kHundred, pool).limited_by, HasSubstr("below one for each of 3 pods"));
}

TEST(Budget, MaxPoolSizeIsNamedToo) {
    PoolClaim pool = claim("a", 20);
    pool.unbounded_demand = 36;
    EXPECT_EQ(only(kHundred, pool).limited_by, "maxPoolSize: 20 of 36");
    EXPECT_TRUE(only(kHundred, pool).within_budget);
}

TEST(Budget, NeverZeroWhichWouldMeanNoLimit) {
    const PoolGrant grant = only(ServerSlots{3, 3, 0, 0}, claim("a", 12, 5));
    EXPECT_EQ(grant.per_pod, 1);
    EXPECT_FALSE(grant.within_budget);
    EXPECT_THAT(grant.limited_by, HasSubstr("not even one connection a pod fits"));
}

TEST(Budget, AServerThatNeverAnsweredLimitsNothing) {
    const PoolGrant grant = only(std::nullopt, claim("a", 500));
    EXPECT_EQ(grant.per_pod, 500);
    EXPECT_TRUE(grant.within_budget);
}

TEST(Budget, PoolsOfOneServerShareFairly) {
    const std::vector<PoolClaim> pools{claim("c", 100), claim("a", 8), claim("b", 100)};
    const Budget budget = share_budget(kHundred, pools);
    EXPECT_EQ(budget.grants[0].id, "c");
    EXPECT_EQ(budget.grants[1].per_pod, 8);   // asks little, gets it
    EXPECT_EQ(budget.grants[0].per_pod, 20);  // (97 - 16) / 2 pools / 2 pods
    EXPECT_EQ(budget.grants[2].per_pod, 20);
}

TEST(Budget, TheLargestReserveCountsNotTheSum) {
    std::vector<PoolClaim> pools{claim("a", 1), claim("b", 1)};
    pools[0].reserve_for_direct = 10;
    pools[1].reserve_for_direct = 20;
    EXPECT_EQ(share_budget(kHundred, pools).available, 77);
}

TEST(Budget, OthersGrowOnlyAfterAPoolReportsThatItHasShrunk) {
    std::vector<PoolClaim> pools{claim("old", 48), claim("new", 48)};
    pools[0].held_per_pod = 48;
    Budget budget = share_budget(kHundred, pools);
    EXPECT_EQ(budget.grants[0].per_pod, 24);  // told to shrink
    EXPECT_EQ(budget.grants[1].per_pod, 1);   // has to wait
    EXPECT_TRUE(budget.grants[1].waits_for_others);
    EXPECT_THAT(budget.grants[1].limited_by, HasSubstr("max_connections 100"));

    pools[0].held_per_pod = 24;
    budget = share_budget(kHundred, pools);
    EXPECT_EQ(budget.grants[0].per_pod, 24);
    EXPECT_EQ(budget.grants[1].per_pod, 24);
    EXPECT_FALSE(budget.grants[1].waits_for_others);
}

TEST(Budget, APoolScaledToNothingHoldsNothing) {
    const PoolGrant grant = only(kHundred, claim("a", 12, 0));
    EXPECT_EQ(grant.granted, 0);
    EXPECT_GE(grant.per_pod, 1);
}

PoolClaim random_claim(std::mt19937& random, int i) {
    std::uniform_int_distribution<std::int64_t> number{0, 120};
    PoolClaim pool = claim("pool" + std::to_string(i), number(random) + 1, number(random) % 5 + 1);
    pool.terminating = number(random) % 3;
    pool.surge = number(random) % 2;
    pool.reserve_for_direct = number(random) % 11;
    if (number(random) < 30) {
        pool.max_server_connections = number(random) + 1;
    }
    return pool;
}

TEST(Budget, PropertiesOnRandomPools) {
    std::mt19937 random{42};
    for (int round = 0; round < 4000; ++round) {
        std::vector<PoolClaim> pools;
        const int count = static_cast<int>(random() % 6) + 1;
        std::int64_t pods = 0;
        for (int i = 0; i < count; ++i) {
            pools.push_back(random_claim(random, i));
            pods += pools.back().pods_at_once();
        }
        const ServerSlots server{
            static_cast<std::int64_t>(random() % 400), 3, static_cast<std::int64_t>(random() % 3), static_cast<std::int64_t>(random() % 20)
        };
        const Budget budget = share_budget(server, pools);
        std::int64_t charged = 0;
        for (std::size_t i = 0; i < pools.size(); ++i) {
            const PoolGrant& grant = budget.grants[i];
            charged += grant.charged;
            EXPECT_GE(grant.per_pod, 1);
            EXPECT_LE(grant.per_pod, (pools[i].demand + pools[i].replicas - 1) / pools[i].replicas);
            EXPECT_EQ(grant.granted, grant.per_pod * pools[i].replicas);
            EXPECT_EQ(grant.limited_by.empty(), grant.per_pod * pools[i].replicas >= pools[i].demand && grant.within_budget);
            for (std::size_t j = 0; j < pools.size() && !grant.within_budget && grant.per_pod > 1; ++j) {
                // Fair: whoever is cut by the server is charged no less than any other, but for the least of one a pod, and for rounding:
                // its own share to whole connections a pod, what is left over and too little for it, and the other's last step.
                const bool owed = budget.grants[j].per_pod == 1;
                EXPECT_TRUE(owed || budget.grants[j].charged <= grant.charged + 2 * pools[i].pods_at_once() + pools[j].pods_at_once());
            }
        }
        EXPECT_LE(charged, std::max(budget.available, pods));

        // More slots never make any pool smaller by more than the rounding to whole pods; for a single pool never at all.
        if (count == 1) {
            ServerSlots larger = server;
            ++larger.max_connections;
            EXPECT_GE(share_budget(larger, pools).grants[0].per_pod, budget.grants[0].per_pod);
        }
    }
}

TEST(Budget, AtNoMomentIsMoreHeldThanTheServerHas) {
    // Random edits; after each, some pools report, some do not. What running pods may hold plus what is written never exceeds the budget.
    std::mt19937 random{43};
    const ServerSlots server{300, 3, 0, 0};
    std::vector<PoolClaim> pools;
    for (int i = 0; i < 4; ++i) {
        pools.push_back(claim("pool" + std::to_string(i), 10));
    }
    for (int round = 0; round < 3000; ++round) {
        pools[random() % pools.size()].demand = static_cast<std::int64_t>(random() % 150) + 1;
        const Budget budget = share_budget(server, pools);
        std::int64_t most_held = 0;
        for (std::size_t i = 0; i < pools.size(); ++i) {
            const std::int64_t now = budget.grants[i].per_pod;
            most_held += std::max(now, pools[i].held_per_pod) * pools[i].pods_at_once();
            // Growth takes effect unseen, a shrink only counts once it is reported.
            pools[i].held_per_pod = random() % 2 == 0 ? now : std::max(now, pools[i].held_per_pod);
        }
        ASSERT_LE(most_held, budget.available) << "round " << round;
    }
}

}  // namespace
}  // namespace cenote::sizing
