#include "dataplane/pool/pool_policy.hpp"

#include <gtest/gtest.h>

namespace cenote::pool {
namespace {

using std::chrono::seconds;

PoolLimits limits() {
    return {
        .pool_size = 4,
        .min_pool_size = 2,
        .reserve_pool_size = 1,
        .reserve_pool_timeout = seconds(5),
        .server_idle_timeout = seconds(10),
        .server_lifetime = seconds(100)
    };
}

TEST(ConnectionsToOpen, OneForEachWaiterThatNothingServesYet) {
    EXPECT_EQ(connections_to_open(limits(), {.waiting = 3}), 3U);
    EXPECT_EQ(connections_to_open(limits(), {.opening = 2, .waiting = 3}), 1U);
    EXPECT_EQ(connections_to_open(limits(), {.opening = 3, .waiting = 3}), 0U);
}

TEST(ConnectionsToOpen, NeverBeyondThePool) {
    EXPECT_EQ(connections_to_open(limits(), {.leased = 3, .waiting = 9}), 1U);
    EXPECT_EQ(connections_to_open(limits(), {.leased = 4, .waiting = 9}), 0U);
    auto unlimited = limits();
    unlimited.pool_size = 0;
    EXPECT_EQ(connections_to_open(unlimited, {.leased = 400, .waiting = 9}), 9U);
}

TEST(ConnectionsToOpen, TheReserveOpensOnlyAfterItsTime) {
    EXPECT_EQ(connections_to_open(limits(), {.leased = 4, .waiting = 9, .longest_wait = seconds(4)}), 0U);
    EXPECT_EQ(connections_to_open(limits(), {.leased = 4, .waiting = 9, .longest_wait = seconds(5)}), 1U);
    EXPECT_EQ(connections_to_open(limits(), {.leased = 5, .waiting = 9, .longest_wait = seconds(5)}), 0U);
}

TEST(ConnectionsToOpen, OneTryAtATimeAfterAFailure) {
    EXPECT_EQ(connections_to_open(limits(), {.waiting = 3, .last_connect_failed = true}), 1U);
    EXPECT_EQ(connections_to_open(limits(), {.opening = 1, .waiting = 3, .last_connect_failed = true}), 0U);
}

TEST(ConnectionsToOpen, KeepsTheMinimumOfAPoolInUse) {
    EXPECT_EQ(connections_to_open(limits(), {.idle = 1}), 0U);
    EXPECT_EQ(connections_to_open(limits(), {.idle = 1, .kept_open = true}), 1U);
}

TEST(Expiry, AgeIdlenessAndSurplus) {
    EXPECT_EQ(expiry(limits(), {.idle = 3}, seconds(99), seconds(9)), Expiry::kKeep);
    EXPECT_EQ(expiry(limits(), {.idle = 3}, seconds(99), seconds(10)), Expiry::kIdleTooLong);
    EXPECT_EQ(expiry(limits(), {.idle = 2}, seconds(99), seconds(10)), Expiry::kKeep) << "min_pool_size";
    EXPECT_EQ(expiry(limits(), {.idle = 1}, seconds(100), seconds(0)), Expiry::kTooOld);
    EXPECT_EQ(expiry(limits(), {.idle = 5}, seconds(1), seconds(0)), Expiry::kSurplus);
    EXPECT_TRUE(too_old({.server_lifetime = seconds(0)}, seconds(0))) << "0 = used once";
    EXPECT_EQ(expiry({.server_lifetime = seconds(0)}, {.idle = 1}, seconds(9), seconds(9)), Expiry::kKeep) << "and it has not been used";
}

}  // namespace
}  // namespace cenote::pool
