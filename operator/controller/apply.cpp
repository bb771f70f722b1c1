#include "operator/controller/apply.hpp"

#include "dataplane/base/log.hpp"
#include "operator/api/labels.hpp"
#include "operator/specs/pool_share.hpp"

namespace cenote::controller {

namespace {

kube::ApiError said_of(const Action& action, kube::ApiError error) {
    error.message = fmt::format("{} \"{}\": {}", action.type.kind, action.name.name, error.message);
    return error;
}

kube::ApiResult<void> remove(kube::Cluster& cluster, const Action& action) {
    auto removed = cluster.remove(action.type, action.name);
    return removed || removed.failed_with(kube::ApiError::Kind::kNotFound) ? kube::ApiResult<void>() : removed;
}

kube::ApiResult<void> change(kube::Cluster& cluster, const Action& action) {
    if (!action.ownership.is_null()) {
        if (auto handed = cluster.merge_patch(action.type, action.name, action.ownership); !handed) {
            return handed.error();
        }
    }
    const auto applied = action.kind == Action::Kind::kPatch ? cluster.merge_patch(action.type, action.name, action.object)
                                                             : cluster.apply(action.type, action.name, action.object);
    return applied ? kube::ApiResult<void>() : kube::ApiResult<void>(applied.error());
}

kube::ApiResult<void> create(kube::Cluster& cluster, const kube::Json& pool, Action action, Applied& outcome) {
    const auto created = cluster.create(action.type, action.name, action.object);
    if (created || !created.failed_with(kube::ApiError::Kind::kAlreadyExists)) {
        return created ? kube::ApiResult<void>() : kube::ApiResult<void>(created.error());
    }
    const auto live = cluster.get(action.type, action.name);
    const std::string what = fmt::format("{} \"{}\"", action.type.kind, action.name.name);
    if (live.failed_with(kube::ApiError::Kind::kNotFound)) {
        outcome.leftover = what;  // gone in between: once more
        return {};
    }
    if (!live) {
        return live.error();
    }
    switch (ownership_of(pool, *live)) {
        case Ownership::kForeign:
            outcome.foreign = what;
            return {};
        case Ownership::kLeftover:
            outcome.leftover = what;
            return {};
        case Ownership::kOurs:
            break;  // made a moment ago and not in the cache yet, or it has lost our label
    }
    action.object["metadata"]["uid"] = kube::uid_of(*live);
    return change(cluster, action);
}

}  // namespace

kube::ApiResult<Applied> apply_plan(kube::Cluster& cluster, const kube::Json& pool, const Plan& plan) {
    Applied outcome;
    for (const Action& action : plan.actions) {
        const auto done = action.kind == Action::Kind::kRemove  ? remove(cluster, action)
                          : action.why == Action::Why::kMissing ? create(cluster, pool, action, outcome)
                                                                : change(cluster, action);
        if (!done) {
            return said_of(action, done.error());
        }
        if (!outcome.foreign.empty() || !outcome.leftover.empty()) {
            break;
        }
    }
    return outcome;
}

std::string poke_value(const specs::ConfigHashes& hashes) { return hashes.config.substr(0, 16) + hashes.auth.substr(0, 16); }

bool annotate_pods(
    kube::Cluster& cluster, const api::Spec& spec, const std::vector<PodState>& pods, const specs::ConfigHashes& hashes,
    const std::map<std::string, budget::PodShare>& shares, const std::string& server
) {
    const std::string value = poke_value(hashes);
    bool all = true;
    for (const PodState& pod : pods) {
        if (pod.ending) {
            continue;
        }
        kube::Json annotations = kube::Json::object();
        const bool runs_it = pod.report && pod.report->config_hash == hashes.config && pod.report->auth_hash == hashes.auth;
        if (!runs_it && pod.poked_for != value) {
            annotations[std::string(api::kConfigHashAnnotation)] = value;
        }
        kube::Json patch;
        const auto share = shares.find(pod.uid);
        if (share != shares.end() && share->second.share != std::max(pod.share, budget::kFloor)) {
            annotations[std::string(api::kShareAnnotation)] = specs::share_text(spec, share->second.share);
            annotations[std::string(api::kMayUseAnnotation)] = fmt::to_string(share->second.may_use);
            annotations[std::string(api::kServerAnnotation)] = server;
            patch["metadata"]["resourceVersion"] = pod.resource_version;
        }
        if (annotations.empty()) {
            continue;
        }
        patch["metadata"]["uid"] = pod.uid;
        patch["metadata"]["annotations"] = std::move(annotations);
        if (auto patched = cluster.merge_patch(kube::kPod, pod.name, std::move(patch)); !patched) {
            log::debug("cannot annotate pod {}: {}", pod.name.to_string(), patched.error().message);
            all = false;
        }
    }
    return all;
}

}  // namespace cenote::controller
