// What Kubernetes calls things: resource types with their REST names, object names, and read access to an object's metadata.
// Objects themselves stay Json: fields this program does not know must survive. Values; any thread.
#pragma once

#include "operator/kube/json.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::kube {

struct ResourceType {
    std::string_view group;  // "" is the core group
    std::string_view version;
    std::string_view plural;
    std::string_view kind;
    bool namespaced = true;

    bool operator==(const ResourceType&) const = default;
    /// "apps/v1", "v1": what an object's apiVersion says.
    [[nodiscard]] std::string api_version() const;
};

inline constexpr ResourceType kConnectionPool{"cenote.dev", "v1alpha1", "connectionpools", "ConnectionPool"};
inline constexpr ResourceType kDeployment{"apps", "v1", "deployments", "Deployment"};
inline constexpr ResourceType kStatefulSet{"apps", "v1", "statefulsets", "StatefulSet"};
inline constexpr ResourceType kReplicaSet{"apps", "v1", "replicasets", "ReplicaSet"};
inline constexpr ResourceType kService{"", "v1", "services", "Service"};
inline constexpr ResourceType kConfigMap{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kSecret{"", "v1", "secrets", "Secret"};
inline constexpr ResourceType kPod{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kServiceAccount{"", "v1", "serviceaccounts", "ServiceAccount"};
inline constexpr ResourceType kNamespace{"", "v1", "namespaces", "Namespace", false};
inline constexpr ResourceType kLease{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr ResourceType kEvent{"events.k8s.io", "v1", "events", "Event"};
inline constexpr ResourceType kHorizontalPodAutoscaler{"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"};
inline constexpr ResourceType kPodDisruptionBudget{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"};
inline constexpr ResourceType kCustomResourceDefinition{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false
};

/// Every constant above, for the standalone store and for tests.
[[nodiscard]] const std::vector<ResourceType>& known_resource_types();
/// By apiVersion and kind, as a manifest names it; nullptr when unknown.
[[nodiscard]] const ResourceType* find_resource_type(std::string_view api_version, std::string_view kind);

struct ObjectName {
    std::string ns;  // "" for cluster-scoped objects
    std::string name;

    auto operator<=>(const ObjectName&) const = default;
    /// "ns/name", or "name" without a namespace.
    [[nodiscard]] std::string to_string() const;
};

struct OwnerReference {
    std::string api_version;
    std::string kind;
    std::string name;
    std::string uid;
    bool controller = false;
};

/// What another object or an Event points at.
struct ObjectReference {
    std::string api_version;
    std::string kind;
    std::string ns;
    std::string name;
    std::string uid;

    auto operator<=>(const ObjectReference&) const = default;
};

// Metadata of an object; absent reads as empty or 0.
[[nodiscard]] std::string name_of(const Json& object);
[[nodiscard]] std::string namespace_of(const Json& object);
[[nodiscard]] ObjectName object_name_of(const Json& object);
[[nodiscard]] std::string uid_of(const Json& object);
[[nodiscard]] std::int64_t generation_of(const Json& object);
/// Opaque: compare for equality only.
[[nodiscard]] std::string resource_version_of(const Json& object);
[[nodiscard]] std::string kind_of(const Json& object);
[[nodiscard]] std::string api_version_of(const Json& object);
[[nodiscard]] std::map<std::string, std::string> labels_of(const Json& object);
[[nodiscard]] std::map<std::string, std::string> annotations_of(const Json& object);
[[nodiscard]] std::optional<std::string> label_of(const Json& object, std::string_view key);
[[nodiscard]] std::optional<std::string> annotation_of(const Json& object, std::string_view key);
[[nodiscard]] std::vector<OwnerReference> owner_references_of(const Json& object);
/// The one owner with controller=true.
[[nodiscard]] std::optional<OwnerReference> controller_of(const Json& object);
[[nodiscard]] bool is_being_deleted(const Json& object);
[[nodiscard]] ObjectReference reference_to(const Json& object);
/// An entry for metadata.ownerReferences that makes `owner` the controlling owner (blockOwnerDeletion=true).
[[nodiscard]] Json controller_reference_to(const Json& owner);

}  // namespace cenote::kube

template <>
struct std::hash<cenote::kube::ObjectName> {
    std::size_t operator()(const cenote::kube::ObjectName& name) const noexcept {
        return std::hash<std::string>{}(name.ns) * 31U + std::hash<std::string>{}(name.name);
    }
};
