#include "operator/controller/plan.hpp"

#include "operator/api/labels.hpp"
#include "operator/kube/cluster.hpp"
#include "operator/kube/field_ownership.hpp"
#include "operator/specs/config_hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

using kube::Json;

bool is_nothing(const Json& value) {
    return value.is_null() || ((value.is_object() || value.is_array()) && value.empty()) ||
           (value.is_string() && value.get_ref<const std::string&>().empty());
}

std::string hash_of(const Json& object) { return specs::sha256_hex(kube::dump_json(object)).substr(0, 16); }

/// Quantities are rewritten by the API server ("0.5" becomes "500m"): their change shows in the applied hash, a drift does not.
bool is_normalised(const std::string& key) { return key == "resources"; }

/// By which of its fields an entry of a list is known: the merge keys of the API's lists that we write.
constexpr const char* kMergeKeys[] = {"name", "mountPath", "containerPort", "port", "uid", "topologyKey"};

const char* merge_key_of(const Json& list) {
    for (const char* key : kMergeKeys) {
        if (!list.empty() &&
            std::all_of(list.begin(), list.end(), [key](const Json& entry) { return entry.is_object() && entry.contains(key); })) {
            return key;
        }
    }
    return nullptr;
}

bool all_found_by(const char* key, const Json& wanted, const Json& live) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const Json& entry) {
        return std::any_of(live.begin(), live.end(), [&](const Json& other) {
            return other.is_object() && other.contains(key) && other[key] == entry[key] && is_contained(entry, other);
        });
    });
}

bool is_list_contained(const Json& wanted, const Json& live) {
    if (const char* key = merge_key_of(wanted)) {
        return all_found_by(key, wanted, live);
    }
    return wanted.size() == live.size() &&
           std::equal(wanted.begin(), wanted.end(), live.begin(), [](const Json& a, const Json& b) { return is_contained(a, b); });
}

}  // namespace

Ownership ownership_of(const Json& pool, const Json& object) {
    const auto owner = kube::controller_of(object);
    if (owner && owner->uid == kube::uid_of(pool)) {
        return kube::is_being_deleted(object) ? Ownership::kLeftover : Ownership::kOurs;
    }
    const bool of_predecessor = owner && owner->kind == kube::kind_of(pool) && owner->name == kube::name_of(pool);
    return of_predecessor ? Ownership::kLeftover : Ownership::kForeign;
}

bool is_contained(const Json& wanted, const Json& live) {
    if (wanted.is_object()) {
        if (!live.is_object()) {
            return is_nothing(wanted) && is_nothing(live);
        }
        for (const auto& [key, value] : wanted.items()) {
            const auto at = live.find(key);
            if (at == live.end() ? !is_nothing(value) : !is_normalised(key) && !is_contained(value, *at)) {
                return false;
            }
        }
        return true;
    }
    if (wanted.is_array()) {
        return live.is_array() ? is_list_contained(wanted, live) : is_nothing(wanted) && is_nothing(live);
    }
    return wanted == live || (is_nothing(wanted) && is_nothing(live));
}

bool rolls(const Json& wanted, const Json& live) {
    return kube::annotation_of(wanted, api::kTemplateAnnotation) != kube::annotation_of(live, api::kTemplateAnnotation) ||
           !is_contained(kube::object_or_empty(wanted, "/spec/template"), kube::object_or_empty(live, "/spec/template"));
}

bool rolls_by_rendering_alone(const Json& wanted, const Json& live) {
    return kube::annotation_of(wanted, api::kTemplateAnnotation) != kube::annotation_of(live, api::kTemplateAnnotation) &&
           kube::annotation_of(wanted, api::kTemplateInputsAnnotation) == kube::annotation_of(live, api::kTemplateInputsAnnotation);
}

Plan make_plan(const Json& pool, const std::vector<Json>& wanted, const std::vector<kube::ResourceType>& not_wanted, const Lookup& lookup) {
    Plan plan;
    for (const Json& object : wanted) {
        const auto* type = kube::find_resource_type(kube::api_version_of(object), kube::kind_of(object));
        if (type == nullptr) {
            continue;  // desired_state makes none that is not known
        }
        const kube::ObjectName name = kube::object_name_of(object);
        const std::string hash = hash_of(object);
        Action action{Action::Kind::kApply, Action::Why::kMissing, *type, name, object, nullptr};
        action.object["metadata"]["annotations"][std::string(kAppliedHashAnnotation)] = hash;
        const auto live = lookup(*type, name);
        if (live) {
            const Ownership ownership = ownership_of(pool, *live);
            if (ownership != Ownership::kOurs) {
                (ownership == Ownership::kLeftover ? plan.leftover : plan.foreign)
                    .push_back(fmt::format("{} \"{}\"", type->kind, name.name));
                continue;
            }
            const bool same_wish = kube::annotation_of(*live, kAppliedHashAnnotation) == hash;
            if (same_wish && is_contained(action.object, *live)) {
                continue;
            }
            action.why = same_wish ? Action::Why::kDrifted : Action::Why::kChanged;
            action.object["metadata"]["uid"] = kube::uid_of(*live);
            if (auto fields = kube::created_fields_as_applied(*live, kube::kFieldManager)) {
                action.ownership = {
                    {"metadata", {{"managedFields", *std::move(fields)}, {"resourceVersion", kube::resource_version_of(*live)}}}
                };
            }
        }
        plan.actions.push_back(std::move(action));
    }
    for (const kube::ResourceType& type : not_wanted) {
        const kube::ObjectName name = kube::object_name_of(pool);
        if (const auto live = lookup(type, name); live && ownership_of(pool, *live) == Ownership::kOurs) {
            plan.actions.push_back({Action::Kind::kRemove, Action::Why::kNotWanted, type, name, nullptr, nullptr});
        }
    }
    if (!plan.foreign.empty() || !plan.leftover.empty()) {
        plan.actions.clear();
    }
    return plan;
}

void add_scaling(Plan& plan, const Json& live, std::int64_t replicas) {
    if (!plan.foreign.empty() || !plan.leftover.empty() || kube::int_or(live, "/spec/replicas") == replicas) {
        return;
    }
    const Json patch{{"metadata", {{"uid", kube::uid_of(live)}}}, {"spec", {{"replicas", replicas}}}};
    plan.actions.push_back({Action::Kind::kPatch, Action::Why::kChanged, kube::kDeployment, kube::object_name_of(live), patch, nullptr});
}

}  // namespace cenote::controller
