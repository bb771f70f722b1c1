#include "operator/controller/plan.hpp"

#include "operator/specs/config_hash.hpp"

#include <fmt/format.h>

namespace cenote::controller {
namespace {

using kube::Json;

bool is_nothing(const Json& value) {
    return value.is_null() || ((value.is_object() || value.is_array()) && value.empty()) ||
           (value.is_string() && value.get_ref<const std::string&>().empty());
}

bool is_ours(const Json& pool, const Json& child) {
    const auto owner = kube::controller_of(child);
    return owner && owner->uid == kube::uid_of(pool);
}

bool is_leftover(const Json& pool, const Json& child) {
    const auto owner = kube::controller_of(child);
    return owner && owner->kind == kube::kind_of(pool) && owner->name == kube::name_of(pool);
}

std::string hash_of(const Json& object) { return specs::sha256_hex(kube::dump_json(object)).substr(0, 16); }

/// Quantities are rewritten by the API server ("0.5" becomes "500m"): their change shows in the applied hash, a drift does not.
bool is_normalised(const std::string& key) { return key == "resources"; }

}  // namespace

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
        if (!live.is_array() || wanted.size() != live.size()) {
            return is_nothing(wanted) && is_nothing(live);
        }
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (!is_contained(wanted[i], live[i])) {
                return false;
            }
        }
        return true;
    }
    return wanted == live || (is_nothing(wanted) && is_nothing(live));
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
        Action action{Action::Kind::kApply, Action::Why::kMissing, *type, name, object};
        action.object["metadata"]["annotations"][std::string(kAppliedHashAnnotation)] = hash;
        const auto live = lookup(*type, name);
        if (live) {
            if (!is_ours(pool, *live)) {
                (is_leftover(pool, *live) ? plan.leftover : plan.foreign).push_back(fmt::format("{} \"{}\"", type->kind, name.name));
                continue;
            }
            if (kube::is_being_deleted(*live)) {
                plan.leftover.push_back(fmt::format("{} \"{}\"", type->kind, name.name));
                continue;
            }
            const bool same_wish = kube::annotation_of(*live, kAppliedHashAnnotation) == hash;
            if (same_wish && is_contained(action.object, *live)) {
                continue;
            }
            action.why = same_wish ? Action::Why::kDrifted : Action::Why::kChanged;
        }
        plan.actions.push_back(std::move(action));
    }
    for (const kube::ResourceType& type : not_wanted) {
        const kube::ObjectName name = kube::object_name_of(pool);
        if (const auto live = lookup(type, name); live && is_ours(pool, *live) && !kube::is_being_deleted(*live)) {
            plan.actions.push_back({Action::Kind::kRemove, Action::Why::kNotWanted, type, name, nullptr});
        }
    }
    if (!plan.foreign.empty() || !plan.leftover.empty()) {
        plan.actions.clear();
    }
    return plan;
}

}  // namespace cenote::controller
