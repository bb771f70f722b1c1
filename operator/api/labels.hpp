// Names the operator writes into the cluster: labels, annotations, ports, file names, and the RBAC verbs its code uses.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cenote::api {

inline constexpr std::string_view kApiVersion = "cenote.dev/v1alpha1";
inline constexpr std::string_view kKind = "ConnectionPool";

inline constexpr std::string_view kNameLabel = "app.kubernetes.io/name";
inline constexpr std::string_view kInstanceLabel = "app.kubernetes.io/instance";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kNameValue = "cenote";
inline constexpr std::string_view kManagedByValue = "cenote-operator";

/// On pods, not in the template: a change makes the kubelet sync the volumes now.
inline constexpr std::string_view kConfigHashAnnotation = "cenote.dev/config-hash";
/// On pods, not in the template: the pod's share of its server's connections, in the data plane's words. It is a file of the pod through a
/// downwardAPI volume, so it outlives the operator and goes with the pod.
inline constexpr std::string_view kShareAnnotation = "cenote.dev/share";
/// Beside it: the largest limit that may have been in force when the share was written.
inline constexpr std::string_view kMayUseAnnotation = "cenote.dev/share-may-use";
/// And the server whose connections they are, as database::server_key has it: a pool may be gone before its pods.
inline constexpr std::string_view kServerAnnotation = "cenote.dev/server";
/// On Deployments and in their pod templates: which rendering of the template this is, and from which wishes of the user it was made.
inline constexpr std::string_view kTemplateAnnotation = "cenote.dev/template";
inline constexpr std::string_view kTemplateInputsAnnotation = "cenote.dev/template-inputs";
/// On a ConnectionPool: a new value restarts its pods, one after the other. What kubectl rollout restart writes into a Deployment.
inline constexpr std::string_view kRestartedAtAnnotation = "cenote.dev/restarted-at";
/// On a workload or its pod template: what the operator cannot see in the command line.
inline constexpr std::string_view kWorkersAnnotation = "cenote.dev/workers";
inline constexpr std::string_view kThreadsAnnotation = "cenote.dev/threads";

inline constexpr std::int32_t kPostgresPort = 6432;
inline constexpr std::int32_t kHttpPort = 9127;
inline constexpr std::string_view kContainerName = "cenote";
inline constexpr std::string_view kPostgresPortName = "postgres";
inline constexpr std::string_view kHttpPortName = "http";

inline constexpr std::string_view kIniKey = "cenote.ini";
inline constexpr std::string_view kUserlistKey = "userlist.txt";
inline constexpr std::string_view kConfigDirectory = "/etc/cenote/config";
inline constexpr std::string_view kShareKey = "share.ini";
inline constexpr std::string_view kShareDirectory = "/etc/cenote/share";
inline constexpr std::string_view kSecretsDirectory = "/etc/cenote/secrets";
inline constexpr std::string_view kUsernameKey = "username";
inline constexpr std::string_view kPasswordKey = "password";

/// Labels of every child of a pool. The selector (a subset) never changes: a Deployment's is immutable.
[[nodiscard]] std::map<std::string, std::string> child_labels(std::string_view pool);
[[nodiscard]] std::map<std::string, std::string> selector_labels(std::string_view pool);
/// "app.kubernetes.io/instance=orders,app.kubernetes.io/name=cenote", for status.selector and list calls.
[[nodiscard]] std::string selector_text(std::string_view pool);

/// Name of the Secret that holds a pool's userlist.txt.
[[nodiscard]] std::string userlist_secret_name(std::string_view pool);

/// One line of the operator's (Cluster)Role; helm's rules are compared with this table.
struct RbacRule {
    std::string_view group;
    std::string_view resource;
    std::string_view verbs;  // comma-separated
    std::string_view why;
};

inline constexpr std::array kRbacRules{
    RbacRule{"cenote.dev", "connectionpools", "get,list,watch", "the pools to reconcile"},
    RbacRule{"cenote.dev", "connectionpools/status", "patch", "status, written apart"},
    RbacRule{"cenote.dev", "connectionpools/finalizers", "update", "ownerReferences with blockOwnerDeletion on OpenShift"},
    RbacRule{"", "configmaps", "get,list,watch,create,patch,delete", "cenote.ini; and environment of workloads"},
    RbacRule{"", "secrets", "get,list,watch,create,patch,delete", "credentials of databases and userlist.txt"},
    RbacRule{"", "services", "get,list,watch,create,patch,delete", "the pool's endpoint"},
    RbacRule{"", "pods", "get,list,watch,patch", "readiness, configuration in use, and the annotation that hurries the kubelet"},
    RbacRule{"apps", "deployments", "get,list,watch,create,patch,delete", "pods of pools; and workloads"},
    RbacRule{"apps", "statefulsets", "get,list,watch", "workloads"},
    RbacRule{"autoscaling", "horizontalpodautoscalers", "get,list,watch", "maxReplicas of workloads"},
    RbacRule{"policy", "poddisruptionbudgets", "get,list,watch,create,patch,delete", "pools of more than one pod"},
    RbacRule{"events.k8s.io", "events", "create,patch", "Events for people"},
    RbacRule{"coordination.k8s.io", "leases", "get,create,patch,update", "leader election"},
};

}  // namespace cenote::api
