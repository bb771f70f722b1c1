#include "operator/controller/pool_ready.hpp"

#include "operator/api/labels.hpp"
#include "operator/database/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

Readiness not_ready(std::string reason, std::string message) { return {false, std::move(reason), std::move(message)}; }

/// The Deployment's own word that it cannot make pods: a quota, an admission policy.
std::string replica_failure(const Observed& observed) {
    if (observed.deployment) {
        for (const kube::Json& condition : kube::array_or_empty(*observed.deployment, "/status/conditions")) {
            if (kube::string_or(condition, "/type") == "ReplicaFailure" && kube::string_or(condition, "/status") == "True") {
                return kube::string_or(condition, "/message");
            }
        }
    }
    return {};
}

std::string kubectl(const Observed& observed, std::string_view words) {
    return fmt::format("; kubectl -n {} {}", observed.pool.namespace_, words);
}

}  // namespace

Readiness readiness_of(
    const Observed& observed, const Sized& sized, const ServerReading& server, const PodCounts& pods, const Convergence& convergence
) {
    if (sized.demand.is_unknown()) {
        return not_ready(
            "DemandUnknown", fmt::format(
                                 "{}; state workers and threads under spec.workloads, or annotate the workload with {} and {}",
                                 sized.demand.unknown, api::kWorkersAnnotation, api::kThreadsAnnotation
                             )
        );
    }
    if (!server.reachable() && sized.pool.open == 0) {
        const std::string reason{database::refusal_reason(server.error)};
        const std::string message = fmt::format(
            "{}{}", server.error, kubectl(observed, fmt::format("get secret {} -o yaml", observed.pool.spec.database.credentials_secret))
        );
        if (database::is_lasting(reason)) {
            return not_ready(reason, reason == "LoginRefused" ? message : server.error);
        }
        if (!sized.server.known) {
            return not_ready(
                reason, fmt::format("{}; no login was ever seen to work from here: a NetworkPolicy may be in the way", server.error)
            );
        }
    }
    if (sized.pool.replicas < observed.pool.spec.replicas) {
        return not_ready("ServerFull", limit_text(observed, sized));
    }
    const std::string counts = fmt::format("{} of {} pods are ready", pods.ready, pods.wanted);
    if (pods.ready < pods.wanted || !pods.current) {
        if (const std::string failure = replica_failure(observed); !failure.empty()) {
            return not_ready("PodsNotCreated", fmt::format("{}: {}", counts, failure));
        }
        const auto troubled =
            std::find_if(observed.pods.begin(), observed.pods.end(), [](const PodState& pod) { return !pod.trouble.empty(); });
        if (troubled != observed.pods.end()) {
            return not_ready(
                troubled->trouble,
                fmt::format(
                    "{}: {}{}", counts, troubled->trouble_message.empty() ? troubled->trouble : troubled->trouble_message,
                    kubectl(observed, fmt::format("describe pod {}", troubled->name.name))
                )
            );
        }
        return not_ready("PodsNotReady", counts);
    }
    if (!convergence.reload_error.empty()) {
        return not_ready("ReloadFailed", fmt::format("{}, with the configuration of before: {}", counts, convergence.reload_error));
    }
    return {true, pods.wanted == 0 ? "ScaledToZero" : "PodsReady", counts};
}

}  // namespace cenote::controller
