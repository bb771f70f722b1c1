#include "operator/kube/object.hpp"

namespace cenote::kube {
namespace {

std::map<std::string, std::string> string_map(const Json& object, std::string_view path) {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : object_or_empty(object, path).items()) {
        if (value.is_string()) {
            out.emplace(key, value.get<std::string>());
        }
    }
    return out;
}

std::optional<std::string> string_in(const Json& map, std::string_view key) {
    const auto it = map.find(std::string(key));
    if (it == map.end() || !it->is_string()) {
        return std::nullopt;
    }
    return it->get<std::string>();
}

}  // namespace

std::string ResourceType::api_version() const { return group.empty() ? std::string(version) : fmt::format("{}/{}", group, version); }

const std::vector<ResourceType>& known_resource_types() {
    static const std::vector<ResourceType> kTypes{
        kConnectionPool,
        kDeployment,
        kStatefulSet,
        kReplicaSet,
        kService,
        kConfigMap,
        kSecret,
        kPod,
        kServiceAccount,
        kNamespace,
        kLease,
        kEvent,
        kHorizontalPodAutoscaler,
        kPodDisruptionBudget,
        kCustomResourceDefinition,
    };
    return kTypes;
}

const ResourceType* find_resource_type(std::string_view api_version, std::string_view kind) {
    for (const ResourceType& type : known_resource_types()) {
        if (type.kind == kind && type.api_version() == api_version) {
            return &type;
        }
    }
    return nullptr;
}

std::string ObjectName::to_string() const { return ns.empty() ? name : ns + "/" + name; }

std::string name_of(const Json& object) { return string_or(object, "/metadata/name"); }
std::string namespace_of(const Json& object) { return string_or(object, "/metadata/namespace"); }
ObjectName object_name_of(const Json& object) { return {namespace_of(object), name_of(object)}; }
std::string uid_of(const Json& object) { return string_or(object, "/metadata/uid"); }
std::int64_t generation_of(const Json& object) { return int_or(object, "/metadata/generation"); }
std::string resource_version_of(const Json& object) { return string_or(object, "/metadata/resourceVersion"); }
std::string kind_of(const Json& object) { return string_or(object, "/kind"); }
std::string api_version_of(const Json& object) { return string_or(object, "/apiVersion"); }
std::map<std::string, std::string> labels_of(const Json& object) { return string_map(object, "/metadata/labels"); }
std::map<std::string, std::string> annotations_of(const Json& object) { return string_map(object, "/metadata/annotations"); }

std::optional<std::string> label_of(const Json& object, std::string_view key) {
    return string_in(object_or_empty(object, "/metadata/labels"), key);
}

std::optional<std::string> annotation_of(const Json& object, std::string_view key) {
    return string_in(object_or_empty(object, "/metadata/annotations"), key);
}

std::vector<OwnerReference> owner_references_of(const Json& object) {
    std::vector<OwnerReference> out;
    for (const Json& entry : array_or_empty(object, "/metadata/ownerReferences")) {
        out.push_back({
            .api_version = string_or(entry, "/apiVersion"),
            .kind = string_or(entry, "/kind"),
            .name = string_or(entry, "/name"),
            .uid = string_or(entry, "/uid"),
            .controller = bool_or(entry, "/controller"),
        });
    }
    return out;
}

std::optional<OwnerReference> controller_of(const Json& object) {
    for (OwnerReference& owner : owner_references_of(object)) {
        if (owner.controller) {
            return std::move(owner);
        }
    }
    return std::nullopt;
}

bool is_being_deleted(const Json& object) { return find(object, "/metadata/deletionTimestamp") != nullptr; }

ObjectReference reference_to(const Json& object) {
    return {api_version_of(object), kind_of(object), namespace_of(object), name_of(object), uid_of(object)};
}

Json controller_reference_to(const Json& owner) {
    return Json{
        {"apiVersion", api_version_of(owner)},
        {"kind", kind_of(owner)},
        {"name", name_of(owner)},
        {"uid", uid_of(owner)},
        {"controller", true},
        {"blockOwnerDeletion", true},
    };
}

}  // namespace cenote::kube
