// The reconciler over a cluster in memory: no thread, no socket; pods and the database are values, the clock is moved by hand.
#include "operator/controller/pool_reconciler.hpp"

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"
#include "operator/kube/base64.hpp"
#include "operator/standalone/memory_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using api::ConditionStatus;
using kube::Json;
using kube::ObjectName;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = runtime::ReconcileResult::Kind;

const ObjectName kOrders{"shop", "orders"};

class PoolReconcilerTest : public testing::Test {
protected:
    PoolReconcilerTest() : reconciler_(cluster_, caches(), options(), watcher_) {
        secret("orders-db", {{"username", "orders"}, {"password", "pw"}});
        pool(kOrders, {{"workers", 4}, {"threads", 2}});
    }

    // The world around the controller.
    void secret(const std::string& name, const std::map<std::string, std::string>& data) {
        Json object{{"data", Json::object()}};
        for (const auto& [key, value] : data) {
            object["data"][key] = kube::encode_base64(value);
        }
        static_cast<void>(cluster_.apply_as("user", kube::kSecret, {"shop", name}, object));
    }
    void pool(const ObjectName& name, Json workload, Json sizing = Json::object()) {
        workload["name"] = "web";
        static_cast<void>(cluster_.apply_as(
            "user", kube::kConnectionPool, name,
            {{"spec",
              {{"database", {{"host", "db"}, {"name", "orders"}, {"credentialsSecretRef", {{"name", "orders-db"}}}}},
               {"workloads", Json::array({workload})},
               {"sizing", sizing}}}}
        ));
    }
    /// The deployment controller and the kubelet: one pod, ready, running what the ConfigMap and Secret say.
    void run_pod(const std::string& name = "orders-1") {
        const Json deployment = *cluster_.get(kube::kDeployment, kOrders);
        static_cast<void>(cluster_.set_status(
            kube::kDeployment, kOrders,
            {{"observedGeneration", kube::generation_of(deployment)}, {"replicas", 1}, {"updatedReplicas", 1}, {"readyReplicas", 1}}
        ));
        Json labels = Json::object();
        for (const auto& [key, value] : api::child_labels("orders")) {
            labels[key] = value;
        }
        static_cast<void>(cluster_.apply_as(
            "node", kube::kPod, {"shop", name},
            {{"metadata", {{"labels", labels}}},
             {"spec", {{"containers", {{{"name", "cenote"}, {"ports", {{{"name", "http"}, {"containerPort", 9127}}}}}}}}}}
        ));
        static_cast<void>(cluster_.set_status(kube::kPod, {"shop", name}, {{"podIP", "10.0.0.1"}, {"phase", "Running"}}));
        sync_pod();
    }
    void sync_pod() { running_ = PodReport{"1", "Running", specs::sha256_hex(ini()), specs::sha256_hex(userlist()), ""}; }

    runtime::ReconcileResult reconcile(const ObjectName& name = kOrders) {
        for (const auto& [type, store] : stores_) {
            kube::ListOptions options;
            if (only_labelled_ && (*type == kube::kService || *type == kube::kPodDisruptionBudget)) {
                options.label_selector = fmt::format("{}={}", api::kManagedByLabel, api::kManagedByValue);
            }
            static_cast<void>(store->replace(cluster_.list(*type, options)->items));
        }
        return reconciler_.reconcile(name);
    }
    void turn(const ObjectName& name = kOrders) { static_cast<void>(reconcile(name)); }

    api::Status status(const ObjectName& name = kOrders) {
        return *api::parse_status((*cluster_.get(kube::kConnectionPool, name))["status"]);
    }
    api::Condition condition(std::string_view type) {
        const api::Status now = status();
        const api::Condition* found = api::find_condition(now.conditions, type);
        return found == nullptr ? api::Condition{} : *found;
    }
    std::string ini() { return kube::string_or(*cluster_.get(kube::kConfigMap, kOrders), "/data/cenote.ini"); }
    std::string userlist() {
        return *kube::decode_base64(kube::string_or(*cluster_.get(kube::kSecret, {"shop", "orders-users"}), "/data/userlist.txt"));
    }
    std::string version() { return cluster_.list(kube::kConnectionPool, {})->resource_version; }
    std::vector<std::string> reasons() const {
        std::vector<std::string> out;
        for (const Notice& notice : told_) {
            out.push_back(notice.reason);
        }
        return out;
    }

    Caches caches() {
        return {&pools_, &config_maps_, &secrets_, &services_, &deployments_, &stateful_sets_, &pods_, &autoscalers_, &budgets_};
    }
    ReconcilerOptions options() {
        ReconcilerOptions out;
        out.image = "cenote:test";
        out.read_capacity = [this](const database::Target&) { return capacity_; };
        out.ask_pods = [this](const std::vector<PodAddress>& pods) { return std::vector<std::optional<PodReport>>(pods.size(), running_); };
        out.enqueue = [this](const ObjectName& name) { woken_.push_back(name); };
        out.tell = [this](const Json&, const Notice& notice) { told_.push_back(notice); };
        out.now = [this] { return now_; };
        out.wall_now = [] { return std::string("2026-01-01T00:00:00Z"); };
        return out;
    }

    standalone::MemoryCluster cluster_;
    runtime::ObjectStore pools_, config_maps_, secrets_, services_, deployments_, stateful_sets_, pods_, autoscalers_, budgets_;
    std::vector<std::pair<const kube::ResourceType*, runtime::ObjectStore*>> stores_{
        {&kube::kConnectionPool, &pools_},
        {&kube::kConfigMap, &config_maps_},
        {&kube::kSecret, &secrets_},
        {&kube::kService, &services_},
        {&kube::kDeployment, &deployments_},
        {&kube::kStatefulSet, &stateful_sets_},
        {&kube::kPod, &pods_},
        {&kube::kHorizontalPodAutoscaler, &autoscalers_},
        {&kube::kPodDisruptionBudget, &budgets_}
    };
    Result<database::Capacity> capacity_ = database::Capacity{
        .version = "16.4", .max_connections = 100, .superuser_reserved_connections = 3, .reserved_connections = 0, .held_by_role = {}
    };
    bool only_labelled_ = false;  // the caches of some types hold objects with our label alone
    std::optional<PodReport> running_;
    std::vector<ObjectName> woken_;
    std::vector<Notice> told_;
    TimePoint now_{};
    PoolWatcher watcher_;
    PoolReconciler reconciler_;
};

TEST_F(PoolReconcilerTest, AManifestBecomesARightSizedPool) {
    EXPECT_EQ(reconcile().kind(), Kind::kRequeueAfter);
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 12"));
    for (const auto& [type, name] : std::vector<std::pair<kube::ResourceType, std::string>>{
             {kube::kSecret, "orders-users"}, {kube::kDeployment, "orders"}, {kube::kService, "orders"}
         }) {
        EXPECT_TRUE(cluster_.get(type, {"shop", name})) << type.kind;
    }
    EXPECT_EQ(condition(api::condition::kReady).reason, "PodsNotReady");
    run_pod();
    turn();
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
    turn();
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
    turn();
    const std::string before = version();
    told_.clear();
    PoolReconciler restarted(cluster_, caches(), options(), watcher_);
    turn();
    static_cast<void>(restarted.reconcile(kOrders));
    EXPECT_EQ(version(), before);
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(PoolReconcilerTest, AnEditChangesFilesNotPodTemplates) {
    turn();
    run_pod();
    turn();
    const Json before = *cluster_.get(kube::kDeployment, kOrders);
    pool(kOrders, {{"workers", 8}, {"threads", 2}});
    EXPECT_EQ(reconcile().delay(), std::chrono::milliseconds(250));
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 24"));
    const Json after = *cluster_.get(kube::kDeployment, kOrders);
    EXPECT_EQ(after["spec"]["template"], before["spec"]["template"]);
    EXPECT_EQ(kube::generation_of(after), kube::generation_of(before));
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kFalse);
    EXPECT_THAT(reasons(), Contains("Resized"));
    // The pod was touched, so that its kubelet looks now.
    EXPECT_TRUE(kube::annotation_of(*cluster_.get(kube::kPod, {"shop", "orders-1"}), api::kConfigHashAnnotation));
    sync_pod();
    turn();
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kTrue);
}

TEST_F(PoolReconcilerTest, DriftIsRepairedAndTold) {
    turn();
    static_cast<void>(cluster_.merge_patch(kube::kConfigMap, kOrders, {{"data", {{"cenote.ini", "by hand"}}}}));
    static_cast<void>(cluster_.remove(kube::kService, kOrders, kube::Propagation::kBackground));
    told_.clear();
    turn();
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 12"));
    EXPECT_TRUE(cluster_.get(kube::kService, kOrders));
    EXPECT_THAT(reasons(), Contains("Repaired"));
    EXPECT_THAT(reasons(), Contains("Recreated"));
}

TEST_F(PoolReconcilerTest, AnInvalidSpecLeavesTheRunningPoolAlone) {
    turn();
    run_pod();
    turn();
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

TEST_F(PoolReconcilerTest, ARotatedPasswordGoesToThePodsFiles) {
    turn();
    EXPECT_THAT(userlist(), HasSubstr("pw"));
    secret("orders-db", {{"username", "orders"}, {"password", "rotated"}});
    turn();
    EXPECT_THAT(userlist(), HasSubstr("rotated"));
}

TEST_F(PoolReconcilerTest, ADatabaseThatDoesNotAnswerKeepsTheSizes) {
    turn();
    capacity_ = Error{"connection refused"};
    now_ += std::chrono::minutes(1);
    turn();
    EXPECT_EQ(condition(api::condition::kDatabaseReachable).status, ConditionStatus::kFalse);
    EXPECT_THAT(condition(api::condition::kDatabaseReachable).message, HasSubstr("connection refused"));
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 12"));
    EXPECT_EQ(status().database->max_connections, 100);
}

TEST_F(PoolReconcilerTest, TheBudgetLimitsAndSaysSo) {
    capacity_->max_connections = 30;
    turn();
    // 30 - 3 - 10 for direct use = 17, two pods at once.
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 8"));
    EXPECT_EQ(condition(api::condition::kWithinBudget).status, ConditionStatus::kFalse);
    EXPECT_THAT(status().sizing->limited_by, testing::Not(IsEmpty()));
    EXPECT_THAT(reasons(), Contains("OverBudget"));
}

TEST_F(PoolReconcilerTest, PoolsOfOneServerShareItsBudget) {
    const ObjectName second{"shop", "second"};
    pool(kOrders, {{"workers", 20}, {"threads", 2}});  // 60
    turn();
    EXPECT_EQ(status().sizing->per_pod, 43);  // 87 slots, two pods at once
    pool(second, {{"workers", 20}, {"threads", 2}});
    turn(second);
    EXPECT_THAT(woken_, Contains(kOrders));
    turn(kOrders);
    turn(second);
    EXPECT_LE(2 * (status().sizing->per_pod + status(second).sizing->per_pod), 87);
    EXPECT_EQ(status().sizing->per_pod, 22);  // 43 for two: the odd one goes to the first
}

// Shrink first, see it reported done, then let others grow.
TEST_F(PoolReconcilerTest, WhoShrinksIsChargedUntilItsPodsHaveReportedIt) {
    const ObjectName second{"shop", "second"};
    pool(kOrders, {{"workers", 20}, {"threads", 2}});
    turn();
    run_pod();
    turn();
    ASSERT_EQ(status().sizing->per_pod, 43);
    pool(second, {{"workers", 20}, {"threads", 2}});
    turn(second);
    turn(kOrders);  // writes the smaller size; its pod has not read it yet
    ASSERT_EQ(status().sizing->per_pod, 22);
    turn(kOrders);
    turn(second);
    EXPECT_LE(43 + 2 * status(second).sizing->per_pod, 87);
    sync_pod();
    woken_.clear();
    turn(kOrders);
    EXPECT_THAT(woken_, Contains(second));
    turn(second);
    EXPECT_EQ(status(second).sizing->per_pod, 21);
}

TEST_F(PoolReconcilerTest, APodThatStaysSilentIsLookedAtEverMoreRarely) {
    turn();
    run_pod();
    running_.reset();
    EXPECT_EQ(reconcile().delay(), std::chrono::milliseconds(250));
    now_ += std::chrono::seconds(8);
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(1));
    now_ += std::chrono::minutes(10);
    EXPECT_EQ(reconcile().delay(), std::chrono::seconds(10));
    EXPECT_EQ(condition(api::condition::kConfigConverged).status, ConditionStatus::kFalse);
    sync_pod();
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

TEST_F(PoolReconcilerTest, AnUnknownWorkloadIsNotGuessed) {
    static_cast<void>(cluster_.apply_as(
        "user", kube::kConnectionPool, kOrders,
        {{"spec",
          {{"database", {{"host", "db"}, {"name", "orders"}, {"credentialsSecretRef", {{"name", "orders-db"}}}}},
           {"workloads", Json::array({{{"name", "web"}, {"target", {{"kind", "Deployment"}, {"name", "web"}}}}})},
           {"sizing", {{"minPoolSize", 3}}}}}}
    ));
    turn();
    EXPECT_EQ(condition(api::condition::kDemandKnown).status, ConditionStatus::kUnknown);
    EXPECT_THAT(condition(api::condition::kDemandKnown).message, HasSubstr("Deployment \"web\" does not exist"));
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 3"));
}

TEST_F(PoolReconcilerTest, UpdateModeOffShowsAndChangesNothing) {
    turn();
    run_pod();
    turn();
    pool(kOrders, {{"workers", 8}, {"threads", 2}}, {{"updateMode", "Off"}});
    turn();
    EXPECT_THAT(ini(), HasSubstr("max_db_connections = 12"));
    EXPECT_EQ(status().sizing->demand, 24);
    EXPECT_THAT(status().sizing->limited_by, HasSubstr("updateMode Off"));
}

}  // namespace
}  // namespace cenote::controller
