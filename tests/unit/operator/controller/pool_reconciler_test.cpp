// What a ConnectionPool becomes, and what of it is left alone.
#include "reconciler_fixture.hpp"

namespace cenote::controller {
namespace {

class PoolReconcilerTest : public PoolReconcilerFixture {};

TEST_F(PoolReconcilerTest, AManifestBecomesARightSizedPool) {
    EXPECT_EQ(reconcile().kind(), Kind::kRequeueAfter);
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 1\n"));  // before a pod has its share
    for (const auto& [type, name] : std::vector<std::pair<kube::ResourceType, std::string>>{
             {kube::kSecret, "orders-users"}, {kube::kDeployment, "orders"}, {kube::kService, "orders"}
         }) {
        EXPECT_TRUE(cluster_.get(type, {"shop", name})) << type.kind;
    }
    EXPECT_EQ(condition(api::condition::kReady).reason, "PodsNotReady");
    run_pod();
    settle();
    EXPECT_EQ(share(), 12);
    EXPECT_EQ(condition(api::condition::kReady).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(api::condition::kWithinBudget).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(api::condition::kProgressing).status, ConditionStatus::kFalse);
    const api::Status now = status();
    EXPECT_EQ(now.observed_generation, 1);
    EXPECT_EQ(now.sizing->per_pod, 12);
    EXPECT_THAT(now.sizing->explanation, HasSubstr("1 replica x 4 workers x 2 threads x 150% = 12"));
    EXPECT_EQ(now.endpoint, "orders.shop.svc:6432");
    EXPECT_EQ(now.ready_replicas, 1);
}

TEST_F(PoolReconcilerTest, TheSteadyStateWritesNothing) {
    turn();
    run_pod();
    settle();
    const std::string before = version();
    told_.clear();
    for (int i = 0; i < 5; ++i) {
        now_ += std::chrono::seconds(31);
        EXPECT_EQ(reconcile().delay(), std::chrono::seconds(30));
    }
    EXPECT_EQ(version(), before);
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(PoolReconcilerTest, ANewOperatorFindsNothingToDo) {
    turn();
    run_pod();
    settle();
    const std::string before = version();
    told_.clear();
    PoolReconciler restarted(cluster_, caches(), options(), watcher_);
    turn();
    static_cast<void>(restarted.reconcile(kOrders));
    EXPECT_EQ(version(), before);
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(PoolReconcilerTest, ANewOperatorWaitsUntilPodsWereHeardOf) {
    turn();
    run_pod();
    settle();
    const std::string before = version();
    const auto known = reports_;
    reports_.clear();
    ReconcilerOptions asking = options();
    asking.still_asking = [this](const std::string&) { return reports_.empty(); };
    PoolReconciler restarted(cluster_, caches(), asking, watcher_);
    refresh();
    EXPECT_EQ(restarted.reconcile(kOrders).delay(), std::chrono::milliseconds(50));
    EXPECT_EQ(version(), before) << "no pod is called silent that was not asked";
    reports_ = known;
    EXPECT_EQ(restarted.reconcile(kOrders).delay(), std::chrono::seconds(30));
    EXPECT_EQ(version(), before);
}

TEST_F(PoolReconcilerTest, AnEditChangesFilesNotPodTemplates) {
    turn();
    run_pod();
    settle();
    const Json before = *cluster_.get(kube::kDeployment, kOrders);
    pool(kOrders, {{"workers", 8}, {"threads", 2}}, Json::object(), Json::array({{{"name", "query_wait_timeout"}, {"value", "30"}}}));
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(1));
    EXPECT_EQ(share(), 24);
    EXPECT_THAT(ini(), HasSubstr("query_wait_timeout = 30"));
    const Json after = *cluster_.get(kube::kDeployment, kOrders);
    EXPECT_EQ(after["spec"]["template"], before["spec"]["template"]);
    EXPECT_EQ(kube::generation_of(after), kube::generation_of(before));
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kFalse);
    // The pod was touched, so that its kubelet looks now.
    EXPECT_TRUE(kube::annotation_of(*cluster_.get(kube::kPod, {"shop", "orders-1"}), api::kConfigHashAnnotation));
    settle();
    EXPECT_THAT(reasons(), Contains("Resized"));
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kTrue);
}

TEST_F(PoolReconcilerTest, DriftIsRepairedAndTold) {
    turn();
    static_cast<void>(cluster_.merge_patch(kube::kConfigMap, kOrders, {{"data", {{"cenote.ini", "by hand"}}}}));
    static_cast<void>(cluster_.remove(kube::kService, kOrders, kube::Propagation::kBackground));
    told_.clear();
    turn();
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 1\n"));
    EXPECT_TRUE(cluster_.get(kube::kService, kOrders));
    EXPECT_THAT(reasons(), Contains("Repaired"));
    EXPECT_THAT(reasons(), Contains("Recreated"));
}

TEST_F(PoolReconcilerTest, AnInvalidSpecLeavesTheRunningPoolAlone) {
    turn();
    run_pod();
    settle();
    const std::string before = ini();
    pool(kOrders, {{"workers", "many"}, {"threads", 2}});
    turn();
    EXPECT_EQ(ini(), before);
    const api::Condition ready = condition(api::condition::kReady);
    EXPECT_EQ(ready.status, ConditionStatus::kFalse);
    EXPECT_EQ(ready.reason, "InvalidSpec");
    EXPECT_THAT(ready.message, HasSubstr("spec.workloads[0].workers"));
    EXPECT_THAT(reasons(), Contains("InvalidSpec"));
    EXPECT_EQ(status().ready_replicas, 1);
    EXPECT_EQ(status().sizing->per_pod, 12);
    pool(kOrders, {{"workers", 4}, {"threads", 2}});
    turn();
    EXPECT_EQ(condition(api::condition::kReady).status, ConditionStatus::kTrue);
}

TEST_F(PoolReconcilerTest, AMissingSecretIsNamedAndWaitedFor) {
    static_cast<void>(cluster_.remove(kube::kSecret, {"shop", "orders-db"}, kube::Propagation::kBackground));
    turn();
    EXPECT_EQ(condition(api::condition::kReady).reason, "SecretMissing");
    EXPECT_THAT(condition(api::condition::kReady).message, HasSubstr("orders-db"));
    EXPECT_FALSE(cluster_.get(kube::kDeployment, kOrders));
    secret("orders-db", {{"username", "orders"}});
    turn();
    EXPECT_EQ(condition(api::condition::kReady).reason, "SecretIncomplete");
    secret("orders-db", {{"username", "orders"}, {"password", "pw"}});
    turn();
    EXPECT_TRUE(cluster_.get(kube::kDeployment, kOrders));
}

// As other operators of PostgreSQL call the keys of the Secrets they make.
TEST_F(PoolReconcilerTest, KeysOfTheSecretCanBeNamed) {
    secret("orders-db", {{"user", "orders"}, {"pass", "pw"}, {"username", "not this one"}});
    static_cast<void>(cluster_.merge_patch(
        kube::kConnectionPool, kOrders,
        {{"spec", {{"database", {{"credentialsSecretRef", {{"usernameKey", "user"}, {"passwordKey", "pass"}}}}}}}}
    ));
    turn();
    EXPECT_THAT(ini(), HasSubstr("user=orders"));
    EXPECT_THAT(userlist(), HasSubstr("\"orders\" \"pw\""));
    secret("orders-db", {{"user", "orders"}});
    static_cast<void>(cluster_.merge_patch(kube::kSecret, {"shop", "orders-db"}, {{"data", {{"pass", nullptr}}}}));
    turn();
    EXPECT_EQ(condition(api::condition::kReady).reason, "SecretIncomplete");
    EXPECT_THAT(condition(api::condition::kReady).message, HasSubstr("no key \"pass\""));
}

TEST_F(PoolReconcilerTest, ARotatedPasswordGoesToThePodsFiles) {
    turn();
    EXPECT_THAT(userlist(), HasSubstr("pw"));
    secret("orders-db", {{"username", "orders"}, {"password", "rotated"}});
    turn();
    EXPECT_THAT(userlist(), HasSubstr("rotated"));
}

// An operator that starts while the server refuses (53300, in the middle of an incident) knows from the status what there is.
// Shrink first, see it proved, then let others grow. What is open counts, not what files say.
TEST_F(PoolReconcilerTest, AShortHostNameIsOfThePoolsNamespace) {
    turn();
    EXPECT_EQ(asked_.host, "db.shop.svc");
    EXPECT_THAT(ini(), HasSubstr("host=db ")) << "its pods complete it themselves";
}

// A wrong password beside a busy host, and a reserve that would leave nothing: no say in what others have.
// Another operator has written to the pod since it was seen.
TEST_F(PoolReconcilerTest, AnUpgradeOfTheOperatorRollsNothing) {
    turn();
    run_pod();
    settle();
    const Json before = *cluster_.get(kube::kDeployment, kOrders);
    ReconcilerOptions newer = options();
    newer.image = "cenote:newer";
    PoolReconciler upgraded(cluster_, caches(), newer, watcher_);
    refresh();
    static_cast<void>(upgraded.reconcile(kOrders));
    EXPECT_EQ((*cluster_.get(kube::kDeployment, kOrders))["spec"], before["spec"]);
    // Scaling does not need the template.
    static_cast<void>(cluster_.merge_patch(kube::kConnectionPool, kOrders, {{"spec", {{"replicas", 2}}}}));
    refresh();
    static_cast<void>(upgraded.reconcile(kOrders));
    EXPECT_EQ((*cluster_.get(kube::kDeployment, kOrders))["spec"]["replicas"], 2);
    EXPECT_EQ((*cluster_.get(kube::kDeployment, kOrders))["spec"]["template"], before["spec"]["template"]);
    // And a restart takes the new rendering along.
    static_cast<void>(cluster_.merge_patch(
        kube::kConnectionPool, kOrders, {{"metadata", {{"annotations", {{api::kRestartedAtAnnotation, "2026-01-01T00:00:00Z"}}}}}}
    ));
    refresh();
    static_cast<void>(upgraded.reconcile(kOrders));
    EXPECT_EQ(kube::string_or(*cluster_.get(kube::kDeployment, kOrders), "/spec/template/spec/containers/0/image"), "cenote:newer");
}

TEST_F(PoolReconcilerTest, APodThatStaysSilentIsLookedAtEverMoreRarely) {
    turn();
    run_pod();
    reports_.clear();
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(1));
    now_ += std::chrono::seconds(16);
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(2));
    now_ += std::chrono::minutes(10);
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(10));
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kFalse);
    settle();
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(30));
}

TEST_F(PoolReconcilerTest, SomebodyElsesObjectIsRefused) {
    static_cast<void>(cluster_.apply_as("user", kube::kConfigMap, kOrders, {{"data", {{"theirs", "1"}}}}));
    turn();
    EXPECT_EQ(condition(api::condition::kReady).reason, "NameTaken");
    EXPECT_EQ((*cluster_.get(kube::kConfigMap, kOrders))["data"], Json({{"theirs", "1"}}));
    EXPECT_FALSE(cluster_.get(kube::kDeployment, kOrders));
}

// Services and PodDisruptionBudgets are cached by our label: what the user made under that name is not seen before it is in the way.
TEST_F(PoolReconcilerTest, SomebodyElsesObjectThatTheCacheDoesNotHoldIsLeftAlone) {
    const Json theirs{{"metadata", {{"labels", {{"app", "web"}}}}}, {"spec", {{"selector", {{"app", "web"}}}}}};
    static_cast<void>(cluster_.apply_as("user", kube::kService, kOrders, theirs));
    const Json before = *cluster_.get(kube::kService, kOrders);
    only_labelled_ = true;
    turn();
    turn();
    EXPECT_EQ(*cluster_.get(kube::kService, kOrders), before);
    EXPECT_EQ(condition(api::condition::kReady).reason, "NameTaken");
    EXPECT_THAT(condition(api::condition::kReady).message, HasSubstr("Service \"orders\""));
    // Deleting the pool leaves it standing.
    ASSERT_TRUE(cluster_.remove(kube::kConnectionPool, kOrders, kube::Propagation::kBackground));
    EXPECT_TRUE(cluster_.get(kube::kService, kOrders));
}

TEST_F(PoolReconcilerTest, AServiceThatLostOurLabelIsStillOurs) {
    turn();
    static_cast<void>(cluster_.merge_patch(kube::kService, kOrders, {{"metadata", {{"labels", {{api::kManagedByLabel, nullptr}}}}}}));
    only_labelled_ = true;
    turn();
    EXPECT_EQ(kube::label_of(*cluster_.get(kube::kService, kOrders), api::kManagedByLabel), api::kManagedByValue);
    EXPECT_NE(condition(api::condition::kReady).reason, "NameTaken");
}

TEST_F(PoolReconcilerTest, DeletingThePoolLeavesNothing) {
    turn();
    ASSERT_TRUE(cluster_.remove(kube::kConnectionPool, kOrders, kube::Propagation::kBackground));
    EXPECT_EQ(reconcile().kind(), Kind::kDone);
    for (const auto& [type, store] : stores_) {
        const auto list = cluster_.list(*type, {});
        for (const Json& object : list->items) {
            EXPECT_EQ(kube::name_of(object), "orders-db");  // the user's own
        }
    }
}

// The cache still has the pool, the cluster does not: nothing may be made for it.
TEST_F(PoolReconcilerTest, AStaleCacheMakesNoChildrenForADeadPool) {
    turn();
    for (const auto& [type, store] : stores_) {
        static_cast<void>(store->replace(cluster_.list(*type, {})->items));
    }
    static_cast<void>(cluster_.remove(kube::kConnectionPool, kOrders, kube::Propagation::kBackground));
    static_cast<void>(config_maps_.replace({}));
    static_cast<void>(reconciler_.reconcile(kOrders));
    EXPECT_FALSE(cluster_.get(kube::kConfigMap, kOrders));
}

// A cut by the server is not the size for ever.

TEST_F(PoolReconcilerTest, ToolsThatKnowNoConditionOfOursAreToldToo) {
    turn();
    EXPECT_EQ(condition(api::condition::kReconciling).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(api::condition::kAvailable).status, ConditionStatus::kFalse);
    run_pod();
    settle();
    EXPECT_EQ(condition(api::condition::kReconciling).status, ConditionStatus::kFalse);
    EXPECT_EQ(condition(api::condition::kStalled).status, ConditionStatus::kFalse);
    EXPECT_EQ(condition(api::condition::kAvailable).status, ConditionStatus::kTrue);
    pool(kOrders, {{"workers", "many"}, {"threads", 2}});
    turn();
    EXPECT_EQ(condition(api::condition::kStalled).status, ConditionStatus::kTrue);
    EXPECT_EQ(condition(api::condition::kAvailable).status, ConditionStatus::kTrue) << "what runs keeps serving";
}

}  // namespace
}  // namespace cenote::controller
