#include "operator/controller/budget_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const kube::ObjectName kA{"shop", "a"};
const kube::ObjectName kB{"shop", "b"};

Account account(std::int64_t demand, std::int64_t held = 0, std::int64_t pods = 0, const std::string& role = "app") {
    Account out;
    out.server = "db:5432";
    out.claim.demand = demand;
    out.claim.replicas = 1;
    out.claim.surge = 1;
    out.claim.held_per_pod = held;
    out.pods = pods;
    out.roles = {role};
    return out;
}

std::optional<database::Capacity> capacity(int max, std::map<std::string, int> held = {}) {
    database::Capacity out;
    out.max_connections = max;
    out.superuser_reserved_connections = 3;
    out.held_by_role = std::move(held);
    return out;
}

TEST(BudgetBook, OnePoolGetsItsDemand) {
    BudgetBook book;
    const Settlement settled = book.settle(kA, account(12), capacity(100));
    EXPECT_EQ(settled.grant.per_pod, 12);
    EXPECT_EQ(settled.available, 97);
    EXPECT_THAT(settled.to_wake, IsEmpty());
}

TEST(BudgetBook, WithoutTheServersWordTheDemandCounts) {
    BudgetBook book;
    EXPECT_EQ(book.settle(kA, account(500), std::nullopt).grant.per_pod, 500);
}

TEST(BudgetBook, ANewcomerMakesTheOthersShrinkFirst) {
    BudgetBook book;
    EXPECT_EQ(book.settle(kA, account(40), capacity(100)).grant.per_pod, 40);
    // a runs one pod of 40; b comes and asks as much: 97 slots, two pods at once each.
    static_cast<void>(book.settle(kA, account(40, 40, 1), capacity(100)));
    const Settlement newcomer = book.settle(kB, account(40), capacity(100));
    EXPECT_THAT(newcomer.to_wake, ElementsAre(kA));
    const std::int64_t first = newcomer.grant.per_pod;
    EXPECT_LT(first, 24);  // a may still hold 40 twice
    const Settlement shrunk = book.settle(kA, account(40, 40, 1), capacity(100));
    EXPECT_EQ(shrunk.grant.per_pod, 24);
    // Once a's pods have reported the smaller size, b may grow.
    const Settlement reported = book.settle(kA, account(40, 24, 1), capacity(100));
    EXPECT_THAT(reported.to_wake, ElementsAre(kB));
    EXPECT_EQ(book.settle(kB, account(40, first, 1), capacity(100)).grant.per_pod, 24);
}

TEST(BudgetBook, ConnectionsOfPoolsAreNotOthers) {
    BudgetBook book;
    const Settlement settled = book.settle(kA, account(12, 12, 1), capacity(100, {{"app", 12}, {"backup", 5}}));
    EXPECT_EQ(settled.others, 5);
    EXPECT_EQ(settled.available, 92);
}

TEST(BudgetBook, ServersAreApart) {
    BudgetBook book;
    static_cast<void>(book.settle(kA, account(90), capacity(100)));
    Account elsewhere = account(40);
    elsewhere.server = "other:5432";
    EXPECT_EQ(book.settle(kB, elsewhere, capacity(100)).grant.per_pod, 40);
}

TEST(BudgetBook, WhoGoesGivesBack) {
    BudgetBook book;
    static_cast<void>(book.settle(kA, account(40), capacity(100)));
    static_cast<void>(book.settle(kB, account(40), capacity(100)));
    EXPECT_THAT(book.forget(kB), ElementsAre(kA));
    EXPECT_EQ(book.settle(kA, account(40), capacity(100)).grant.per_pod, 40);
    EXPECT_THAT(book.forget(kB), IsEmpty());
}

TEST(BudgetBook, AfterARestartThoseNotSeenYetKeepTheirPart) {
    BudgetBook book;
    Account known = account(40, 24, 1);
    known.last_per_pod = 24;
    book.introduce(kA, known);
    EXPECT_EQ(book.settle(kB, account(40), capacity(100)).grant.per_pod, 24);
}

}  // namespace
}  // namespace cenote::controller
