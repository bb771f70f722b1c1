// The reconciler over a cluster in memory: no thread, no socket; pods and the database are values, the clock is moved by hand.
#pragma once

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"
#include "operator/controller/pool_reconciler.hpp"
#include "operator/kube/base64.hpp"
#include "operator/specs/pool_share.hpp"
#include "operator/standalone/memory_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {

using api::ConditionStatus;
using kube::Json;
using kube::ObjectName;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = runtime::ReconcileResult::Kind;

inline const ObjectName kOrders{"shop", "orders"};
inline const ObjectName kOrdersPod{"shop", "orders-1"};

class PoolReconcilerFixture : public testing::Test {
protected:
    PoolReconcilerFixture() : reconciler_(cluster_, caches(), options(), watcher_) {
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
    void pool(const ObjectName& name, Json workload, Json sizing = Json::object(), Json settings = Json::array()) {
        workload["name"] = "web";
        static_cast<void>(cluster_.apply_as(
            "user", kube::kConnectionPool, name,
            {{"spec",
              {{"database", {{"host", "db"}, {"name", "orders"}, {"credentialsSecretRef", {{"name", "orders-db"}}}}},
               {"workloads", Json::array({workload})},
               {"settings", settings},
               {"sizing", sizing}}}}
        ));
    }
    /// The deployment controller and the kubelet: one pod, ready, running what its files say.
    void run_pod(const std::string& name = "orders-1", const ObjectName& pool = kOrders) {
        const Json deployment = *cluster_.get(kube::kDeployment, pool);
        static_cast<void>(cluster_.set_status(
            kube::kDeployment, pool,
            {{"observedGeneration", kube::generation_of(deployment)}, {"replicas", 1}, {"updatedReplicas", 1}, {"readyReplicas", 1}}
        ));
        Json metadata = kube::object_or_empty(deployment, "/spec/template/metadata");
        static_cast<void>(cluster_.apply_as(
            "node", kube::kPod, {pool.ns, name},
            {{"metadata", metadata},
             {"spec", {{"containers", {{{"name", "cenote"}, {"ports", {{{"name", "http"}, {"containerPort", 9127}}}}}}}}}}
        ));
        static_cast<void>(cluster_.set_status(kube::kPod, {pool.ns, name}, {{"podIP", "10.0.0.1"}, {"phase", "Running"}}));
        sync_pods();
    }
    /// Every pod has read its files, and opens all that they allow.
    void sync_pods() {
        reports_.clear();
        const auto pods = cluster_.list(kube::kPod, {});
        for (const Json& pod : pods->items) {
            const ObjectName pool{kube::namespace_of(pod), *kube::label_of(pod, api::kInstanceLabel)};
            if (!cluster_.get(kube::kConfigMap, pool)) {
                continue;
            }
            const std::int64_t limit =
                std::max<std::int64_t>(specs::share_in(kube::annotation_of(pod, api::kShareAnnotation).value_or("")), 1);
            reports_[kube::uid_of(pod)] =
                PodReport{"1", "Running", specs::sha256_hex(ini(pool)), specs::sha256_hex(userlist(pool)), "", limit, limit};
        }
    }
    /// Turns of these pools, with pods that follow at once, until nothing more is to be done.
    void settle(const std::vector<ObjectName>& pools = {kOrders}) {
        for (int i = 0; i < 12; ++i) {
            for (const ObjectName& name : pools) {
                turn(name);
            }
            sync_pods();
        }
    }
    std::int64_t share(const std::string& pod = "orders-1") {
        return specs::share_in(kube::annotation_of(*cluster_.get(kube::kPod, {"shop", pod}), api::kShareAnnotation).value_or(""));
    }

    /// The caches follow.
    void refresh() {
        for (const auto& [type, store] : stores_) {
            kube::ListOptions options;
            if (only_labelled_ && (*type == kube::kService || *type == kube::kPodDisruptionBudget)) {
                options.label_selector = fmt::format("{}={}", api::kManagedByLabel, api::kManagedByValue);
            }
            static_cast<void>(store->replace(cluster_.list(*type, options)->items));
        }
    }
    runtime::ReconcileResult reconcile(const ObjectName& name = kOrders) {
        refresh();
        return reconciler_.reconcile(name);
    }
    void settle_but_keep_open(const std::string& uid, std::int64_t open, const std::vector<ObjectName>& pools) {
        for (int i = 0; i < 12; ++i) {
            for (const ObjectName& name : pools) {
                turn(name);
            }
            sync_pods();
            reports_[uid].server_open = open;
        }
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
    std::string ini(const ObjectName& pool = kOrders) { return kube::string_or(*cluster_.get(kube::kConfigMap, pool), "/data/cenote.ini"); }
    std::string userlist(const ObjectName& pool = kOrders) {
        return *kube::decode_base64(kube::string_or(*cluster_.get(kube::kSecret, {pool.ns, pool.name + "-users"}), "/data/userlist.txt"));
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
        out.read_capacity = [this](const database::Target& target) {
            asked_ = target;
            return capacity_;
        };
        out.read_report = [this](const std::string& uid) {
            const auto at = reports_.find(uid);
            return at == reports_.end() ? std::nullopt : std::optional(at->second);
        };
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
        .version = "16.4",
        .max_connections = 100,
        .superuser_reserved_connections = 3,
        .reserved_connections = 0,
        .instance = "i",
        .held_by_role = {}
    };
    bool only_labelled_ = false;  // the caches of some types hold objects with our label alone
    database::Target asked_;
    std::map<std::string, PodReport> reports_;  // by uid
    std::vector<ObjectName> woken_;
    std::vector<Notice> told_;
    TimePoint now_{};
    PoolWatcher watcher_;
    PoolReconciler reconciler_;
};

}  // namespace cenote::controller
