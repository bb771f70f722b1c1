#include "operator/standalone/field_merge.hpp"

namespace cenote::standalone {
namespace {

using kube::Json;

void set_fields(Json& live, const Json& config) {
    if (!config.is_object() || !live.is_object()) {
        live = config;
        return;
    }
    for (const auto& [key, value] : config.items()) {
        if (value.is_object() && live.contains(key)) {
            set_fields(live[key], value);
        } else {
            live[key] = value;
        }
    }
}

/// Takes out of `live` each leaf of `before` that `keep` does not have; an object left empty by it goes too.
void drop_fields(Json& live, const Json& before, const Json& keep) {
    if (!live.is_object() || !before.is_object()) {
        return;
    }
    for (const auto& [key, value] : before.items()) {
        const auto at = live.find(key);
        if (at == live.end()) {
            continue;
        }
        const auto kept = keep.is_object() ? keep.find(key) : keep.end();
        if (value.is_object() && !value.empty()) {
            static const Json kNothing = Json::object();
            drop_fields(*at, value, keep.is_object() && kept != keep.end() ? *kept : kNothing);
            if (at->is_object() && at->empty() && (!keep.is_object() || kept == keep.end())) {
                live.erase(at);
            }
        } else if (!keep.is_object() || kept == keep.end()) {
            live.erase(at);
        }
    }
}

}  // namespace

Json merge_applied(Json live, AppliedByManager& applied, const std::string& manager, const Json& config) {
    if (const auto before = applied.find(manager); before != applied.end()) {
        Json keep = config;
        for (const auto& [other, fields] : applied) {
            if (other != manager) {
                set_fields(keep, fields);
            }
        }
        drop_fields(live, before->second, keep);
    }
    set_fields(live, config);
    applied[manager] = config;
    return live;
}

}  // namespace cenote::standalone
