#include "operator/kube/field_ownership.hpp"

namespace cenote::kube {
namespace {

/// FieldsV1 is a tree of objects; a leaf is an empty one.
void unite(Json& into, const Json& from) {
    for (const auto& [key, value] : from.items()) {
        const auto at = into.find(key);
        if (at == into.end() || !at->is_object() || !value.is_object()) {
            into[key] = value;
        } else {
            unite(*at, value);
        }
    }
}

bool is_of(const Json& entry, std::string_view manager, std::string_view operation) {
    return string_or(entry, "/manager") == manager && string_or(entry, "/operation") == operation &&
           string_or(entry, "/subresource").empty();
}

}  // namespace

std::optional<Json> created_fields_as_applied(const Json& object, std::string_view manager) {
    const Json* entries = find(object, "/metadata/managedFields");
    if (entries == nullptr || !entries->is_array()) {
        return std::nullopt;
    }
    Json created;
    Json applied;
    Json others = Json::array();
    for (const Json& entry : *entries) {
        if (is_of(entry, manager, "Update")) {
            created = entry;
        } else if (is_of(entry, manager, "Apply")) {
            applied = entry;
        } else {
            others.push_back(entry);
        }
    }
    if (created.is_null()) {
        return std::nullopt;
    }
    created["operation"] = "Apply";
    if (!applied.is_null()) {
        unite(created["fieldsV1"], object_or_empty(applied, "/fieldsV1"));
    }
    others.push_back(std::move(created));
    return others;
}

}  // namespace cenote::kube
