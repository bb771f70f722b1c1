// Pools and the budget of their server, turn by turn.
#include "reconciler_fixture.hpp"

namespace cenote::controller {
namespace {

class PoolBudgetTest : public PoolReconcilerFixture {};

TEST_F(PoolBudgetTest, ADatabaseThatDoesNotAnswerKeepsTheSizes) {
    turn();
    run_pod();
    settle();
    capacity_ = Error{"connection refused"};
    now_ += std::chrono::minutes(1);
    settle();
    EXPECT_EQ(condition(api::condition::kDatabaseReachable).reason, "PodsConnected")
        << "who pools is connected, whatever the operator meets";
    EXPECT_EQ(condition(api::condition::kReady).status, ConditionStatus::kTrue);
    for (auto& [uid, report] : reports_) {
        report.server_open = 0;
    }
    turn();
    EXPECT_EQ(condition(api::condition::kDatabaseReachable).status, ConditionStatus::kFalse);
    EXPECT_THAT(condition(api::condition::kDatabaseReachable).message, HasSubstr("connection refused"));
    EXPECT_EQ(share(), 12);
    EXPECT_EQ(status().database->max_connections, 100);
}

TEST_F(PoolBudgetTest, AnOperatorThatStartsWhileTheServerRefusesGrowsNothing) {
    capacity_->max_connections = 30;
    pool(kOrders, {{"workers", 20}, {"threads", 2}});
    turn();
    run_pod();
    settle();
    const std::int64_t before = share();
    EXPECT_LE(before, 17);
    capacity_ = Error{"FATAL: sorry, too many clients already"};
    now_ += std::chrono::minutes(1);
    PoolReconciler restarted(cluster_, caches(), options(), watcher_);
    for (int i = 0; i < 5; ++i) {
        turn();
        static_cast<void>(restarted.reconcile(kOrders));
        sync_pods();
    }
    EXPECT_EQ(share(), before);
}

TEST_F(PoolBudgetTest, TheBudgetLimitsAndSaysSo) {
    capacity_->max_connections = 20;
    turn();
    run_pod();
    settle();
    // 20 - 3 - 10 for direct use = 7, of which one stands by.
    EXPECT_EQ(share(), 6);
    EXPECT_EQ(condition(api::condition::kWithinBudget).status, ConditionStatus::kFalse);
    EXPECT_EQ(condition(api::condition::kWithinBudget).reason, "DemandClipped");
    EXPECT_EQ(status().sizing->limited_by, api::LimitedBy::kServerBudget);
    EXPECT_THAT(status().sizing->message, HasSubstr("max_connections 20 - 3 reserved - 10 for direct use - 0 held by others = 7"));
    EXPECT_THAT(reasons(), Contains("DemandClipped"));
}

TEST_F(PoolBudgetTest, PoolsOfOneServerShareItsBudget) {
    const ObjectName second{"shop", "second"};
    pool(kOrders, {{"workers", 60}, {"threads", 2}});
    turn();
    run_pod();
    settle();
    EXPECT_EQ(share(), 85);  // 87, less what stands by for one pod and its successor
    pool(second, {{"workers", 60}, {"threads", 2}});
    turn(second);
    EXPECT_THAT(woken_, Contains(kOrders));
    settle({kOrders, second});
    run_pod("second-1", second);
    settle({kOrders, second});
    EXPECT_EQ(share() + share("second-1"), 84);
    EXPECT_EQ(share("second-1"), 42);
}

TEST_F(PoolBudgetTest, WhoShrinksIsChargedUntilItsPodsHaveShownIt) {
    const ObjectName second{"shop", "second"};
    pool(kOrders, {{"workers", 60}, {"threads", 2}});
    turn();
    run_pod();
    settle();
    ASSERT_EQ(share(), 85);
    pool(second, {{"workers", 60}, {"threads", 2}});
    turn(second);
    turn(kOrders);
    EXPECT_LT(share(), 85);
    for (int i = 0; i < 5; ++i) {
        turn(kOrders);
        turn(second);
    }
    EXPECT_EQ(kube::int_or(*cluster_.get(kube::kDeployment, second), "/spec/replicas"), 0) << "nothing is proved";
    sync_pods();
    const std::string uid = kube::uid_of(*cluster_.get(kube::kPod, {"shop", "orders-1"}));
    reports_[uid].server_open = 80;  // long transactions
    settle_but_keep_open(uid, 80, {kOrders, second});
    EXPECT_EQ(kube::int_or(*cluster_.get(kube::kDeployment, second), "/spec/replicas"), 1) << "a floor is free";
    run_pod("second-1", second);
    settle_but_keep_open(uid, 80, {kOrders, second});
    EXPECT_LE(80 + std::max<std::int64_t>(share("second-1"), 1), 87);
    settle({kOrders, second});
    EXPECT_EQ(share("second-1"), 42);
}

TEST_F(PoolBudgetTest, WhoTheServerDoesNotKnowTakesNothingFromOthers) {
    pool(kOrders, {{"workers", 60}, {"threads", 2}});
    turn();
    run_pod();
    settle();
    const std::int64_t before = share();
    const ObjectName other{"shop", "other"};
    pool(other, {{"workers", 60}, {"threads", 2}}, {{"reserveForDirect", 80}});
    const auto good = capacity_;
    capacity_ = Error{"password authentication failed"};
    now_ += std::chrono::seconds(31);
    turn(other);
    capacity_ = good;
    settle();
    EXPECT_EQ(share(), before);
}

TEST_F(PoolBudgetTest, PodsOfADeletedPoolAreChargedUntilTheyAreGone) {
    const ObjectName second{"shop", "second"};
    pool(kOrders, {{"workers", 60}, {"threads", 2}});
    pool(second, {{"workers", 60}, {"threads", 2}});
    turn();
    run_pod();
    settle();
    ASSERT_TRUE(cluster_.remove(kube::kConnectionPool, kOrders, kube::Propagation::kBackground));
    turn(second);
    run_pod("second-1", second);
    settle({kOrders, second});
    EXPECT_LE(share("second-1"), 1);
    cluster_.purge(kube::kPod, kOrdersPod);
    turn(kOrders);
    now_ += std::chrono::seconds(20);
    settle({kOrders, second});
    EXPECT_EQ(share("second-1"), 85);
}

TEST_F(PoolBudgetTest, AShareIsNotWrittenOverWhatAnotherWrote) {
    turn();
    run_pod();
    refresh();
    static_cast<void>(cluster_.merge_patch(kube::kPod, kOrdersPod, {{"metadata", {{"annotations", {{"cenote.dev/share", "x"}}}}}}));
    static_cast<void>(reconciler_.reconcile(kOrders));
    EXPECT_EQ(kube::annotation_of(*cluster_.get(kube::kPod, kOrdersPod), api::kShareAnnotation), "x");
    settle();
    EXPECT_EQ(share(), 12);
}

TEST_F(PoolBudgetTest, AnUnknownWorkloadIsNotGuessed) {
    static_cast<void>(cluster_.apply_as(
        "user", kube::kConnectionPool, kOrders,
        {{"spec",
          {{"database", {{"host", "db"}, {"name", "orders"}, {"credentialsSecretRef", {{"name", "orders-db"}}}}},
           {"workloads", Json::array({{{"name", "web"}, {"target", {{"kind", "Deployment"}, {"name", "web"}}}}})},
           {"sizing", {{"minDemand", 3}}}}}}
    ));
    turn();
    EXPECT_EQ(condition(api::condition::kDemandKnown).status, ConditionStatus::kUnknown);
    EXPECT_THAT(condition(api::condition::kDemandKnown).message, HasSubstr("Deployment \"web\" does not exist"));
    run_pod();
    settle();
    EXPECT_EQ(share(), 3);
}

TEST_F(PoolBudgetTest, UpdateModeOffShowsAndChangesNothing) {
    turn();
    run_pod();
    settle();
    pool(kOrders, {{"workers", 8}, {"threads", 2}}, {{"updateMode", "Off"}});
    settle();
    EXPECT_EQ(share(), 12);
    EXPECT_EQ(status().sizing->demand, 24);
    EXPECT_EQ(status().sizing->applied_demand, 12);
    EXPECT_THAT(status().sizing->message, HasSubstr("updateMode Off"));
}

TEST_F(PoolBudgetTest, UpdateModeInitialSizesANewPoolAndOffDoesNot) {
    pool(kOrders, {{"workers", 4}, {"threads", 2}}, {{"updateMode", "Initial"}});
    turn();
    run_pod();
    settle();
    EXPECT_EQ(share(), 12);
    // What it follows afterwards is its spec, not its workloads.
    static_cast<void>(cluster_.merge_patch(kube::kConnectionPool, kOrders, {{"spec", {{"sizing", {{"headroomPercent", 300}}}}}}));
    settle();
    EXPECT_EQ(share(), 24);
    const ObjectName other{"shop", "other"};
    pool(other, {{"workers", 4}, {"threads", 2}}, {{"updateMode", "Off"}, {"minDemand", 2}});
    turn(other);
    run_pod("other-1", other);
    settle({other});
    EXPECT_EQ(share("other-1"), 2);
    EXPECT_EQ(status(other).sizing->demand, 12);
}

TEST_F(PoolBudgetTest, AHeldSizeComesBackWhenTheServerHasRoomAgain) {
    pool(kOrders, {{"workers", 20}, {"threads", 2}}, {{"updateMode", "Initial"}});
    turn();
    run_pod();
    settle();
    ASSERT_EQ(share(), 60);
    capacity_->max_connections = 40;
    now_ += std::chrono::seconds(31);
    settle();
    EXPECT_LE(share(), 27);
    capacity_->max_connections = 100;
    now_ += std::chrono::seconds(31);
    settle();
    EXPECT_EQ(share(), 60);
}

TEST_F(PoolBudgetTest, AProgramsDefaultIsSaidToBeOne) {
    static_cast<void>(cluster_.apply_as(
        "user", kube::kDeployment, {"shop", "web"},
        {{"spec", {{"replicas", 1}, {"template", {{"spec", {{"containers", {{{"name", "web"}, {"command", {"gunicorn", "shop.wsgi"}}}}}}}}}}
        }}
    ));
    static_cast<void>(cluster_.merge_patch(
        kube::kConnectionPool, kOrders,
        {{"spec", {{"workloads", Json::array({{{"name", "web"}, {"target", {{"kind", "Deployment"}, {"name", "web"}}}}})}}}}
    ));
    turn();
    EXPECT_EQ(condition(api::condition::kDemandKnown).reason, "Assumed");
    EXPECT_THAT(condition(api::condition::kDemandKnown).message, HasSubstr("gunicorn's default"));
}

// One of two workloads cannot be read any more: the demand does not fall by it.
TEST_F(PoolBudgetTest, WhatWasKnownOfAWorkloadStaysInForceWhileItIsNot) {
    const Json workloads = Json::array(
        {{{"name", "web"}, {"target", {{"kind", "Deployment"}, {"name", "web"}}}}, {{"name", "nightly"}, {"workers", 4}, {"threads", 1}}}
    );
    static_cast<void>(cluster_.apply_as(
        "user", kube::kDeployment, {"shop", "web"},
        {{"spec",
          {{"replicas", 1},
           {"template", {{"spec", {{"containers", {{{"name", "web"}, {"command", {"gunicorn", "-w", "4", "--threads", "2", "x"}}}}}}}}}}}}
    ));
    static_cast<void>(cluster_.merge_patch(kube::kConnectionPool, kOrders, {{"spec", {{"workloads", workloads}}}}));
    turn();
    run_pod();
    settle();
    ASSERT_EQ(status().sizing->demand, 18);
    static_cast<void>(cluster_.remove(kube::kDeployment, {"shop", "web"}, kube::Propagation::kBackground));
    now_ += std::chrono::minutes(10);
    settle();
    now_ += std::chrono::minutes(10);
    settle();
    EXPECT_EQ(status().sizing->demand, 18);
    EXPECT_EQ(condition(api::condition::kDemandKnown).status, ConditionStatus::kUnknown);
    EXPECT_THAT(status().sizing->workloads.front().source + status().sizing->workloads.back().source, HasSubstr("last known: "));
}

}  // namespace
}  // namespace cenote::controller
