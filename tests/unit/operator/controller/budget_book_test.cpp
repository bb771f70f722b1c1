#include "operator/controller/budget_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

const kube::ObjectName kA{"shop", "a"};
const kube::ObjectName kB{"shop", "b"};

database::Capacity capacity(const char* instance = "i", std::map<std::string, int> held = {}) {
    database::Capacity out;
    out.version = "16";
    out.max_connections = 100;
    out.superuser_reserved_connections = 3;
    out.instance = instance;
    out.held_by_role = std::move(held);
    return out;
}

class BudgetBookTest : public testing::Test {
protected:
    /// A pool of one pod that has followed so far, and opens all it may.
    Part& part(const kube::ObjectName& pool, const std::string& server = "db.shop.svc:5432") {
        Part& out = parts_[pool];
        out.server = server;
        out.claim = {.demand = 500, .replicas = 1, .max_server_connections = std::nullopt};
        out.roles = {"app"};
        out.pods = {{.uid = pool.name + "-1", .ending = false, .serves = true, .written = 0, .may_use = 0, .report = budget::Report{1, 1}}};
        return out;
    }
    Settlement turn(const kube::ObjectName& pool, const std::optional<database::Capacity>& read = capacity()) {
        const Settlement settlement = book_.settle(pool, parts_.at(pool), read, now_);
        for (budget::PodFact& pod : parts_.at(pool).pods) {
            const auto share = settlement.pool.pods.find(pod.uid);
            if (share != settlement.pool.pods.end()) {
                pod.written = share->second.share;
                pod.may_use = share->second.may_use;
                if (pod.report) {
                    pod.report = budget::Report{pod.written, pod.written};
                }
            }
        }
        return settlement;
    }
    std::int64_t share(const kube::ObjectName& pool) { return parts_.at(pool).pods.front().written; }

    BudgetBook book_;
    std::map<kube::ObjectName, Part> parts_;
    TimePoint now_{std::chrono::hours(1)};
};

TEST_F(BudgetBookTest, ConnectionsOfPoolsAreNotOthers) {
    part(kA);
    static_cast<void>(turn(kA));
    EXPECT_EQ(share(kA), 95);
    const Settlement settled = turn(kA, capacity("i", {{"app", 95}, {"backup", 5}}));
    EXPECT_EQ(settled.server.others, 5);
    EXPECT_EQ(settled.server.available, 92);
}

TEST_F(BudgetBookTest, TwoNamesOfOneServerShareOneBudget) {
    part(kA);
    part(kB, "10.0.0.7:5432");
    for (int i = 0; i < 6; ++i) {
        static_cast<void>(turn(kA));
        static_cast<void>(turn(kB));
    }
    EXPECT_LE(share(kA) + share(kB), 97);
    EXPECT_GE(share(kA) + share(kB), 90);
}

// Both had grown before it was known: whoever has too much shrinks.
TEST_F(BudgetBookTest, NamesThatTurnOutToBeOneServerAreCutBack) {
    part(kA);
    part(kB, "10.0.0.7:5432");
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(turn(kA, capacity("")));
        static_cast<void>(turn(kB, capacity("")));
    }
    EXPECT_GT(share(kA) + share(kB), 180);
    for (int i = 0; i < 6; ++i) {
        static_cast<void>(turn(kA));
        static_cast<void>(turn(kB));
    }
    EXPECT_LE(share(kA) + share(kB), 97);
}

TEST_F(BudgetBookTest, ServersAreApart) {
    part(kA);
    part(kB, "other:5432");
    static_cast<void>(turn(kA, capacity("one")));
    static_cast<void>(turn(kB, capacity("two")));
    EXPECT_EQ(share(kA), 95);
    EXPECT_EQ(share(kB), 95);
}

TEST_F(BudgetBookTest, WhoMovesToAnotherServerIsChargedAtTheOldOneUntilItsPodsHaveLeft) {
    part(kA);
    static_cast<void>(turn(kA));
    part(kB);
    static_cast<void>(turn(kB));
    parts_[kA].server = "new:5432";
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(turn(kA, capacity("new")));
        static_cast<void>(turn(kB));
    }
    EXPECT_LE(share(kB), 2) << "a's pod still runs the old files";
    parts_[kA].moved = {"a-1"};
    static_cast<void>(turn(kA, capacity("new")));
    now_ += std::chrono::seconds(20);
    static_cast<void>(turn(kA, capacity("new")));
    static_cast<void>(turn(kB));
    EXPECT_GT(share(kB), 90);
}

TEST_F(BudgetBookTest, WhatIsKnownFromBeforeCountsUntilTheServerAnswers) {
    part(kA);
    book_.introduce(kA, parts_[kA], 40, now_);
    static_cast<void>(turn(kA, std::nullopt));
    EXPECT_EQ(share(kA), 38);
    static_cast<void>(turn(kA));
    EXPECT_EQ(share(kA), 95);
}

TEST_F(BudgetBookTest, AtAStartAllPodsCountBeforeAnythingIsDecided) {
    book_.begin(now_);
    part(kA).pods[0].written = 80;
    parts_[kA].pods[0].report.reset();  // not asked yet
    part(kB);
    book_.introduce(kA, parts_[kA], 97, now_);
    book_.introduce(kB, parts_[kB], 97, now_);
    book_.introduce_gone(
        {"shop", "gone"}, "db.shop.svc:5432", {{.uid = "g", .ending = true, .serves = true, .written = 10, .may_use = 10, .report = {}}},
        now_
    );
    static_cast<void>(turn(kB));
    EXPECT_LE(share(kB), 7);
}

TEST_F(BudgetBookTest, WhoGoesGivesBackAndWakesTheOthers) {
    part(kA);
    static_cast<void>(turn(kA));
    part(kB);
    EXPECT_THAT(turn(kB).to_wake, Contains(kA));
    static_cast<void>(turn(kA));
    EXPECT_THAT(book_.retire(kA, {}, now_ + std::chrono::seconds(20)), Not(Contains(kA)));
    now_ += std::chrono::seconds(40);
    static_cast<void>(turn(kB));
    static_cast<void>(turn(kB));
    EXPECT_GT(share(kB), 90);
    EXPECT_THAT(book_.retire(kA, {}, now_), IsEmpty());
}

TEST(Others, AShellThatComesAndGoesChangesNothing) {
    Others others;
    TimePoint now{};
    others.seen(2, 10, now);
    for (const int count : {3, 2, 5, 2}) {
        others.seen(count, 10, now);
        EXPECT_EQ(others.in_force(), 2);
    }
    others.seen(6, 10, now);
    EXPECT_EQ(others.in_force(), 6) << "more than the reserve can be asked to carry counts at once";
    others.seen(0, 10, now);
    now += std::chrono::minutes(4);
    others.seen(1, 10, now);
    EXPECT_EQ(others.in_force(), 6);
    now += std::chrono::minutes(1);
    others.seen(0, 10, now);
    EXPECT_EQ(others.in_force(), 1) << "less counts after a while, and no less than was seen meanwhile";
    Others exact;
    exact.seen(0, 0, now);
    exact.seen(1, 0, now);
    EXPECT_EQ(exact.in_force(), 1) << "without a reserve nothing is tolerated";
}

}  // namespace
}  // namespace cenote::controller
