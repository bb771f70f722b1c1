// All that one reconcile looks at, read once at its start: values and immutable snapshots, so that everything after it is pure or an
// effect.
#pragma once

#include "operator/api/connection_pool.hpp"
#include "operator/controller/pod_reports.hpp"
#include "operator/runtime/object_store.hpp"
#include "operator/sizing/workload_detection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cenote::controller {

/// A Secret's data, decoded.
using SecretData = std::map<std::string, std::string>;

/// A Secret the spec names. No name: none is asked for.
struct SecretRef {
    std::string name;
    std::optional<SecretData> data;  // nullopt: there is no such Secret
};

struct WorkloadView {
    api::Workload workload;
    runtime::ObjectPtr target;  // null when the spec states the numbers, or when the target is not there
    std::int64_t replicas = 1;  // the larger of the target's and its HorizontalPodAutoscaler's maximum
};

struct PodState {
    kube::ObjectName name;
    std::string uid;
    std::string resource_version;
    std::string rendering;     // of the template it was made from
    std::string server;        // whose connections it shares, as it was written with the share
    std::int64_t share = 0;    // that stands at it; 0 = none yet
    std::int64_t may_use = 0;  // and the largest that may have been in force when it was written
    bool ready = false;
    bool ending = false;
    std::string trouble;  // CamelCase, as the kubelet or the scheduler calls it; "" = none that is known
    std::string trouble_message;
    std::string poked_for;            // the config-hash annotation
    std::optional<PodReport> report;  // nullopt: did not answer
};

struct Observed {
    runtime::ObjectPtr object;  // the ConnectionPool as it is stored; never null
    api::ConnectionPool pool;   // its spec only means something when spec_error is empty
    std::string spec_error;
    SecretRef credentials;
    SecretRef users;
    std::vector<WorkloadView> workloads;
    sizing::ConfigMaps config_maps;  // those the workloads' environments come from
    runtime::ObjectPtr config_map;   // the pool's own children, null when absent
    runtime::ObjectPtr deployment;
    runtime::ObjectPtr service;
    std::vector<PodState> pods;

    /// Pods that are made from an older template than the Deployment has, and so get successors.
    [[nodiscard]] std::int64_t being_replaced() const;
    [[nodiscard]] kube::ObjectName name() const { return {pool.namespace_, pool.name}; }
};

}  // namespace cenote::controller
