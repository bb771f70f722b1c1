#include "operator/controller/apply.hpp"

#include "dataplane/base/log.hpp"
#include "operator/api/labels.hpp"

namespace cenote::controller {

kube::ApiResult<void> apply_plan(kube::Cluster& cluster, const Plan& plan) {
    for (const Action& action : plan.actions) {
        if (action.kind == Action::Kind::kRemove) {
            if (auto removed = cluster.remove(action.type, action.name);
                !removed && !removed.failed_with(kube::ApiError::Kind::kNotFound)) {
                return removed.error();
            }
        } else if (auto applied = cluster.apply(action.type, action.name, action.object); !applied) {
            kube::ApiError error = applied.error();
            error.message = fmt::format("{} \"{}\": {}", action.type.kind, action.name.name, error.message);
            return error;
        }
    }
    return {};
}

std::string poke_value(const specs::ConfigHashes& hashes) { return hashes.config.substr(0, 16) + hashes.auth.substr(0, 16); }

void poke_pods(kube::Cluster& cluster, const std::vector<PodState>& pods, const specs::ConfigHashes& hashes) {
    const std::string value = poke_value(hashes);
    for (const PodState& pod : pods) {
        const bool runs_it = pod.report && pod.report->config_hash == hashes.config && pod.report->auth_hash == hashes.auth;
        if (pod.ending || runs_it || pod.poked_for == value) {
            continue;
        }
        kube::Json patch;
        patch["metadata"]["annotations"][std::string(api::kConfigHashAnnotation)] = value;
        if (auto patched = cluster.merge_patch(kube::kPod, pod.name, std::move(patch)); !patched) {
            log::debug("cannot annotate pod {}: {}", pod.name.to_string(), patched.error().message);
        }
    }
}

}  // namespace cenote::controller
