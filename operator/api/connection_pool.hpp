// The resource ConnectionPool (cenote.dev/v1alpha1) as values. The schema people meet is crds/cenote.dev_connectionpools.yaml; the
// only file that spells field names is connection_pool_codec.cpp. Defaults here and there are the same (a test compares them).
#pragma once

#include "operator/api/conditions.hpp"
#include "operator/kube/json.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::api {

enum class TlsMode { kDisable, kPrefer, kRequire, kVerifyCA, kVerifyFull };
enum class TargetKind { kDeployment, kStatefulSet };
enum class UpdateMode { kOff, kInitial, kAuto };
enum class PoolMode { kSession, kTransaction, kStatement };
enum class Switch { kDisabled, kEnabled };
enum class DesiredRunState { kRunning, kPaused };
/// Why a pool has less than its demand.
enum class LimitedBy { kNone, kServerBudget, kServerUnknown, kMaxServerConnections, kMaxDemand, kUpdateMode, kWaitingForOthers };

struct ServerTls {
    TlsMode mode = TlsMode::kPrefer;
    std::string ca_secret;  // name of a Secret with key ca.crt; "" = none

    bool operator==(const ServerTls&) const = default;
};

struct DatabaseRef {
    std::string host;  // name, address or comma list, PgBouncer's meaning
    std::int32_t port = 5432;
    std::string name;                // "" = clients may name any database of that server
    std::string credentials_secret;  // name of a Secret
    std::string username_key = "username";
    std::string password_key = "password";
    ServerTls tls;

    bool operator==(const DatabaseRef&) const = default;
};

/// The object whose replicas, workers and threads are read and followed. Same namespace as the pool.
struct WorkloadTarget {
    TargetKind kind = TargetKind::kDeployment;
    std::string name;

    bool operator==(const WorkloadTarget&) const = default;
};

/// Either a target (workers and threads may then be stated over what is found there) or stated workers and threads.
struct Workload {
    std::string name;
    std::optional<WorkloadTarget> target;
    std::optional<std::int32_t> replicas;  // only without a target; left out = 1
    std::optional<std::int32_t> workers;
    std::optional<std::int32_t> threads;

    bool operator==(const Workload&) const = default;
};

struct Sizing {
    UpdateMode update_mode = UpdateMode::kAuto;
    std::int32_t headroom_percent = 150;
    std::int32_t min_demand = 1;  // of the demand over all pods
    std::optional<std::int32_t> max_demand;
    std::optional<std::int32_t> max_server_connections;
    std::int32_t reserve_for_direct = 10;

    bool operator==(const Sizing&) const = default;
};

struct Setting {
    std::string name;
    std::string value;

    bool operator==(const Setting&) const = default;
};

/// What the pods get beyond the operator's own template. Json members are passed on as they are and checked by the API server.
struct Pod {
    std::string image;              // "" = the operator's choice
    std::string image_pull_policy;  // "" = the cluster's choice
    std::vector<std::string> image_pull_secrets;
    kube::Json resources;  // null = none stated, and so for the rest
    kube::Json node_selector;
    kube::Json affinity;
    kube::Json tolerations;
    kube::Json topology_spread_constraints;
    kube::Json env;
    kube::Json labels;
    kube::Json annotations;
    std::string priority_class_name;
    std::string runtime_class_name;

    bool operator==(const Pod&) const = default;
};

struct Spec {
    DatabaseRef database;
    std::vector<Workload> workloads;
    Sizing sizing;
    PoolMode pool_mode = PoolMode::kTransaction;
    std::vector<Setting> settings;
    std::string users_secret;  // auth.usersSecretRef: name of a Secret with key userlist.txt; "" = none
    std::int32_t replicas = 1;
    std::chrono::milliseconds drain_timeout = std::chrono::seconds{60};
    Pod pod;
    Switch pod_monitor = Switch::kDisabled;
    DesiredRunState state = DesiredRunState::kRunning;

    bool operator==(const Spec&) const = default;
};

/// One process of a workload as it was counted: a workload of several containers gives several rows, named "web/worker".
struct WorkloadStatus {
    std::string name;
    std::int64_t replicas = 0;
    std::int64_t workers = 0;
    std::int64_t threads = 0;
    std::string source;  // "args[3] --workers=4; env WEB_THREADS=2"

    bool operator==(const WorkloadStatus&) const = default;
};

struct SizingStatus {
    std::int64_t demand = 0;          // as the workloads have it now
    std::int64_t applied_demand = 0;  // that the shares are made for; another one while updateMode holds it
    std::int64_t granted = 0;
    std::int64_t per_pod = 0;
    LimitedBy limited_by = LimitedBy::kNone;
    std::string message;  // the numbers to it; "" = nothing limits
    std::string explanation;
    std::vector<WorkloadStatus> workloads;

    bool operator==(const SizingStatus&) const = default;
};

struct DatabaseStatus {
    std::string version;
    std::int64_t max_connections = 0;
    std::int64_t reserved = 0;   // superuser_reserved_connections + reserved_connections
    std::int64_t available = 0;  // for all pools of this server

    bool operator==(const DatabaseStatus&) const = default;
};

struct Status {
    std::int64_t observed_generation = 0;
    std::int32_t replicas = 0;
    std::int32_t ready_replicas = 0;
    std::string selector;  // serialized, for HPA through the scale subresource
    std::string endpoint;  // "orders.shop.svc:6432"
    std::string config_hash;
    std::optional<SizingStatus> sizing;
    std::optional<DatabaseStatus> database;
    std::vector<Condition> conditions;

    bool operator==(const Status&) const = default;
};

struct ConnectionPool {
    std::string namespace_;
    std::string name;
    std::string uid;
    std::int64_t generation = 0;
    bool deleting = false;  // metadata.deletionTimestamp is set
    Spec spec;
    Status status;

    bool operator==(const ConnectionPool&) const = default;
};

/// The words of the resource: "Transaction", "VerifyFull", "Deployment".
[[nodiscard]] std::string_view to_string(TlsMode mode);
[[nodiscard]] std::string_view to_string(TargetKind kind);
[[nodiscard]] std::string_view to_string(UpdateMode mode);
[[nodiscard]] std::string_view to_string(PoolMode mode);
[[nodiscard]] std::string_view to_string(Switch value);
[[nodiscard]] std::string_view to_string(DesiredRunState state);
[[nodiscard]] std::string_view to_string(LimitedBy limit);

}  // namespace cenote::api
