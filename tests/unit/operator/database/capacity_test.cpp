#include "operator/database/capacity.hpp"

#include <gtest/gtest.h>

namespace cenote::database {
namespace {

Rows settings(const char* version, const char* max, const char* superuser, const char* reserved) {
    return {{version, max, superuser, reserved, "1700000000.000001"}};
}

TEST(MakeCapacity, ReadsSettingsAndSessions) {
    const auto capacity = make_capacity(settings("15.6 (Debian 15.6-0+deb12u1)", "100", "3", "0"), {{"app", "7"}, {"postgres", "2"}});
    ASSERT_TRUE(capacity);
    EXPECT_EQ(capacity->version, "15.6");
    EXPECT_EQ(capacity->instance, "1700000000.000001");
    EXPECT_EQ(capacity->max_connections, 100);
    EXPECT_EQ(capacity->superuser_reserved_connections, 3);
    EXPECT_EQ(capacity->held_by_role, (std::map<std::string, int>{{"app", 7}, {"postgres", 2}}));
}

TEST(MakeCapacity, RefusesWhatItDoesNotUnderstand) {
    EXPECT_FALSE(make_capacity({}, {}));
    EXPECT_FALSE(make_capacity(settings("16", "many", "3", "0"), {}));
    EXPECT_FALSE(make_capacity({{"16", "100", "3", std::nullopt, ""}}, {}));
    EXPECT_FALSE(make_capacity(settings("16", "100", "3", "0"), {{"app", std::nullopt}}));
}

Capacity held(std::map<std::string, int> by_role) {
    Capacity capacity;
    capacity.held_by_role = std::move(by_role);
    return capacity;
}

TEST(HeldByOthers, PoolConnectionsAreNotOthers) { EXPECT_EQ(held_by_others(held({{"app", 12}, {"psql", 3}}), {"app"}, 12), 3); }

TEST(HeldByOthers, WhatAPoolRoleHoldsBeyondItsGrantIsDirect) { EXPECT_EQ(held_by_others(held({{"app", 20}}), {"app"}, 12), 8); }

TEST(HeldByOthers, BeforeAnythingIsGrantedAllAreOthers) { EXPECT_EQ(held_by_others(held({{"app", 5}, {"x", 1}}), {"app"}, 0), 6); }

}  // namespace
}  // namespace cenote::database
