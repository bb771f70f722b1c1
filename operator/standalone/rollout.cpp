#include "operator/standalone/rollout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cenote::standalone {
namespace {

using kube::Json;

/// An int-or-percent field; percents of `total`, rounded up or down.
int int_or_percent(const Json& deployment, std::string_view path, std::string_view fallback, int total, bool up) {
    const Json* value = kube::find(deployment, path);
    if (value != nullptr && value->is_number_integer()) {
        return std::max(0, value->get<int>());
    }
    const std::string text = value != nullptr && value->is_string() ? value->get<std::string>() : std::string(fallback);
    int percent = 0;
    std::from_chars(text.data(), text.data() + text.size(), percent);
    return std::max(0, (total * percent + (up ? 99 : 0)) / 100);
}

int wanted_replicas(const Json& deployment) {
    return static_cast<int>(std::clamp<std::int64_t>(kube::int_or(deployment, "/spec/replicas", 1), 0, 1000));
}

bool is_current(const PodView& pod, const std::string& revision) { return pod.revision == revision; }

}  // namespace

RolloutPlan plan_rollout(const Json& deployment, const std::string& revision, const std::vector<PodView>& pods) {
    const int wanted = wanted_replicas(deployment);
    const int surge = int_or_percent(deployment, "/spec/strategy/rollingUpdate/maxSurge", "25%", wanted, true);
    int unavailable = int_or_percent(deployment, "/spec/strategy/rollingUpdate/maxUnavailable", "25%", wanted, false);
    if (surge == 0 && unavailable == 0) {
        unavailable = 1;  // as the API server's validation would have refused it
    }
    std::vector<PodView> current;
    std::vector<PodView> old;
    for (const PodView& pod : pods) {
        if (!pod.ending) {
            (is_current(pod, revision) ? current : old).push_back(pod);
        }
    }
    const auto count = [](const auto& list) { return static_cast<int>(list.size()); };
    // The first to go: not ready, then the youngest.
    const auto expendable = [](const PodView& a, const PodView& b) { return a.ready != b.ready ? !a.ready : a.started > b.started; };
    std::sort(current.begin(), current.end(), expendable);
    std::sort(old.begin(), old.end(), expendable);

    RolloutPlan plan;
    plan.start = std::clamp(wanted - count(current), 0, std::max(0, wanted + surge - count(current) - count(old)));
    for (int i = 0; i < count(current) - wanted; ++i) {
        plan.end.push_back(current[static_cast<std::size_t>(i)].name);
    }
    const auto ready_in = [](const auto& list) {
        return static_cast<int>(std::count_if(list.begin(), list.end(), [](const PodView& pod) { return pod.ready; }));
    };
    int may_go = ready_in(current) + ready_in(old) - (wanted - unavailable);
    for (const PodView& pod : old) {
        if (!pod.ready) {
            plan.end.push_back(pod.name);
        } else if (may_go > 0) {
            --may_go;
            plan.end.push_back(pod.name);
        }
    }
    return plan;
}

Json make_condition(
    const Json& before, const std::string& type, bool value, const std::string& reason, const std::string& message, const std::string& now
) {
    const std::string status = value ? "True" : "False";
    std::string since = now;
    for (const Json& condition : kube::array_or_empty(before, "/conditions")) {
        if (kube::string_or(condition, "/type") == type && kube::string_or(condition, "/status") == status) {
            since = kube::string_or(condition, "/lastTransitionTime", now);
        }
    }
    return {{"type", type}, {"status", status}, {"reason", reason}, {"message", message}, {"lastTransitionTime", since}};
}

Json deployment_status(const Json& deployment, const std::string& revision, const std::vector<PodView>& pods, const std::string& now) {
    int replicas = 0;
    int updated = 0;
    int ready = 0;
    for (const PodView& pod : pods) {
        if (!pod.ending) {
            ++replicas;
            updated += is_current(pod, revision) ? 1 : 0;
            ready += pod.ready ? 1 : 0;
        }
    }
    const int wanted = wanted_replicas(deployment);
    const int unavailable = int_or_percent(deployment, "/spec/strategy/rollingUpdate/maxUnavailable", "25%", wanted, false);
    const bool available = ready >= wanted - unavailable;
    const bool complete = updated == wanted && ready >= wanted && replicas == wanted;
    const Json& before = kube::object_or_empty(deployment, "/status");
    Json status{
        {"observedGeneration", kube::int_or(deployment, "/metadata/generation")},
        {"replicas", replicas},
        {"updatedReplicas", updated},
        {"readyReplicas", ready},
        {"availableReplicas", ready},
        {"unavailableReplicas", std::max(0, wanted - ready)},
    };
    status["conditions"] = Json::array({
        make_condition(
            before, "Available", available, available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            fmt::format("{} of {} pods are ready", ready, wanted), now
        ),
        make_condition(
            before, "Progressing", true, complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
            fmt::format("{} of {} pods are up to date", updated, wanted), now
        ),
    });
    return status;
}

}  // namespace cenote::standalone
