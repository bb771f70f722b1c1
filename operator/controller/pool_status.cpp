#include "operator/controller/pool_status.hpp"

#include "operator/api/labels.hpp"
#include "operator/controller/pool_ready.hpp"
#include "operator/database/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

using api::ConditionStatus;

constexpr std::string_view kEndpointAnnotation = "cenote.dev/endpoint";

class ConditionSetter {
public:
    ConditionSetter(api::Status& status, std::int64_t generation, std::string_view now)
        : status_(status), generation_(generation), now_(now) {}

    void operator()(std::string_view type, ConditionStatus value, std::string reason, std::string message) const {
        api::Condition condition;
        condition.type = type;
        condition.status = value;
        condition.reason = std::move(reason);
        condition.message = std::move(message);
        condition.observed_generation = generation_;
        api::set_condition(status_.conditions, std::move(condition), now_);
    }
    void operator()(std::string_view type, bool value, std::string reason, std::string message) const {
        (*this)(type, value ? ConditionStatus::kTrue : ConditionStatus::kFalse, std::move(reason), std::move(message));
    }

private:
    api::Status& status_;
    std::int64_t generation_;
    std::string_view now_;
};

/// What the Deployment's own status says, once it speaks of the current template.
struct Rollout {
    std::int64_t wanted = 0;
    std::int64_t replicas = 0;
    std::int64_t updated = 0;
    std::int64_t ready = 0;
    bool seen = false;

    [[nodiscard]] bool complete() const { return seen && updated == wanted && replicas == wanted && ready == wanted; }
};

Rollout rollout_of(const Observed& observed) {
    Rollout rollout;
    rollout.wanted = observed.pool.spec.replicas;
    if (observed.deployment) {
        const kube::Json& deployment = *observed.deployment;
        rollout.replicas = kube::int_or(deployment, "/status/replicas");
        rollout.updated = kube::int_or(deployment, "/status/updatedReplicas");
        rollout.ready = kube::int_or(deployment, "/status/readyReplicas");
        rollout.seen = kube::int_or(deployment, "/status/observedGeneration") >= kube::generation_of(deployment) &&
                       kube::int_or(deployment, "/spec/replicas", 1) == rollout.wanted;
    }
    return rollout;
}

void show_pods(const Observed& observed, const Rollout& rollout, api::Status& status) {
    status.replicas = static_cast<std::int32_t>(rollout.replicas);
    status.ready_replicas = static_cast<std::int32_t>(rollout.ready);
    status.selector = api::selector_text(observed.pool.name);
    status.endpoint = endpoint_of(observed);
}

void set_available(const ConditionSetter& set, const Rollout& rollout) {
    const bool any = rollout.ready > 0;
    set(api::condition::kAvailable, any, any ? "PodsServe" : "NoPodServes",
        any ? fmt::format("{} of {} pods serve", rollout.ready, rollout.wanted)
            : "no pod is ready, so the Service has nowhere to send clients");
}

/// For tools that know no condition of ours (kstatus: Flux, Argo CD, kubectl).
void set_kstatus(const ConditionSetter& set, const std::string& reconciling, const std::string& stalled) {
    set(api::condition::kReconciling, !reconciling.empty(), reconciling.empty() ? "Settled" : reconciling,
        reconciling.empty() ? "nothing is under way" : "see Ready and Progressing");
    set(api::condition::kStalled, !stalled.empty(), stalled.empty() ? "NotStalled" : stalled,
        stalled.empty() ? "nothing has to be done by hand" : "see Ready");
}

void set_progressing(const ConditionSetter& set, const Rollout& rollout, const Convergence& convergence) {
    if (!rollout.complete()) {
        set(api::condition::kProgressing, true, "RollingOut",
            fmt::format("{} of {} pods are up to date, {} ready", rollout.updated, rollout.wanted, rollout.ready));
    } else if (!convergence.complete()) {
        set(api::condition::kProgressing, true, "Configuring", "pods are taking over the configuration");
    } else {
        set(api::condition::kProgressing, false, "Stable", "nothing is under way");
    }
}

/// A pod that holds server connections has logged in, whatever keeps the operator from it.
bool pods_are_connected(const Sized& sized) { return sized.pool.open > 0; }

void set_database(const ConditionSetter& set, const ServerReading& server, const Sized& sized) {
    if (server.reachable()) {
        set(api::condition::kDatabaseReachable, true, "Answered", fmt::format("PostgreSQL {}", server.capacity->version));
        return;
    }
    const std::string reason{database::refusal_reason(server.error)};
    if (pods_are_connected(sized) && !database::is_lasting(reason)) {
        set(api::condition::kDatabaseReachable, true, "PodsConnected",
            fmt::format("pods are connected; the operator itself is not, so sizes follow what it knew: {}", server.error));
        return;
    }
    set(api::condition::kDatabaseReachable, false, reason,
        server.error + (sized.server.known ? "; sizes follow its last answer" : "; nothing grows until it answers"));
}

void set_demand(const ConditionSetter& set, const Sized& sized) {
    if (!sized.demand.unknown.empty()) {
        set(api::condition::kDemandKnown, ConditionStatus::kUnknown, "WorkloadUnknown", sized.demand.unknown);
        return;
    }
    // A program's default holds unless a file in its image says otherwise, and that file cannot be seen from here.
    std::string assumed;
    for (const sizing::WorkloadSize& workload : sized.demand.workloads) {
        if (workload.source.find(sizing::kDefaultOf) != std::string::npos) {
            assumed += fmt::format("{}{} ({})", assumed.empty() ? "" : "; ", workload.name, workload.source);
        }
    }
    set(api::condition::kDemandKnown, true, assumed.empty() ? "Known" : "Assumed",
        assumed.empty()
            ? "every workload's workers and threads are known"
            : fmt::format("{}: a configuration file in the image may say otherwise; state workers and threads to be sure", assumed));
}

void set_budget(const ConditionSetter& set, const Observed& observed, const Sized& sized) {
    switch (sized.pool.limited_by) {
        case budget::LimitedBy::kServerUnknown:
            set(api::condition::kWithinBudget, ConditionStatus::kUnknown, "ServerUnknown", limit_text(observed, sized));
            return;
        case budget::LimitedBy::kServerBudget:
        case budget::LimitedBy::kMaxServerConnections:
            set(api::condition::kWithinBudget, false, "DemandClipped", limit_text(observed, sized));
            return;
        case budget::LimitedBy::kNothing:
        case budget::LimitedBy::kWaitingForOthers:
            set(api::condition::kWithinBudget, true, "DemandFits",
                fmt::format("the server has {} connections for pools", sized.server.available));
    }
}

void set_converged(const ConditionSetter& set, const Rollout& rollout, const Convergence& convergence) {
    const auto pods = std::max<std::int64_t>(convergence.pods, rollout.wanted);
    const std::string message = fmt::format("{} of {} pods run the current configuration", convergence.converged, pods);
    if (!convergence.reload_error.empty()) {
        set(api::condition::kConfigConverged, false, "ReloadFailed", fmt::format("{}: {}", message, convergence.reload_error));
    } else {
        const bool all = convergence.converged >= pods && convergence.shares;
        set(api::condition::kConfigConverged, all, all ? "Converged" : "Waiting",
            convergence.converged >= pods && !all ? message + "; shares of the budget are on their way" : message);
    }
}

api::SizingStatus sizing_status(const Observed& observed, const Sized& sized) {
    const api::Spec& spec = observed.pool.spec;
    api::SizingStatus out;
    out.demand = sized.wanted;
    out.applied_demand = sized.applied;
    out.per_pod = sized.per_pod();
    out.granted = sized.pool.granted;
    out.limited_by = limit_of(sized);
    out.message = limit_text(observed, sized);
    out.explanation = sizing::explain(
        sized.demand.workloads, spec.sizing.headroom_percent, {.min_demand = spec.sizing.min_demand, .max_demand = spec.sizing.max_demand},
        static_cast<std::int64_t>(sized.pool.pods.size()), sized.per_pod()
    );
    for (const sizing::WorkloadSize& workload : sized.demand.workloads) {
        out.workloads.push_back({workload.name, workload.replicas, workload.workers, workload.threads, workload.source});
    }
    return out;
}

}  // namespace

Convergence measure_convergence(const std::vector<PodState>& pods, const specs::ConfigHashes& hashes, bool shares) {
    Convergence convergence;
    convergence.shares = shares;
    for (const PodState& pod : pods) {
        if (pod.ending) {
            continue;
        }
        ++convergence.pods;
        if (pod.report && pod.report->config_hash == hashes.config && pod.report->auth_hash == hashes.auth) {
            ++convergence.converged;
        } else if (pod.report && !pod.report->reload_error.empty()) {
            convergence.reload_error = fmt::format("{}: {}", pod.name.name, pod.report->reload_error);
        }
    }
    return convergence;
}

std::string endpoint_of(const Observed& observed) {
    const auto stated = observed.service ? kube::annotation_of(*observed.service, kEndpointAnnotation) : std::nullopt;
    return stated.value_or(fmt::format("{}.{}.svc:{}", observed.pool.name, observed.pool.namespace_, api::kPostgresPort));
}

api::Status make_status(
    const Observed& observed, const Sized& sized, const ServerReading& server, const specs::ConfigHashes& hashes,
    const Convergence& convergence, std::string_view now
) {
    api::Status status = observed.pool.status;
    const Rollout rollout = rollout_of(observed);
    status.observed_generation = observed.pool.generation;
    show_pods(observed, rollout, status);
    status.config_hash = hashes.config;
    status.sizing = sizing_status(observed, sized);
    if (server.capacity) {
        status.database = api::DatabaseStatus{
            .version = server.capacity->version,
            .max_connections = server.capacity->max_connections,
            .reserved = server.capacity->superuser_reserved_connections + server.capacity->reserved_connections,
            .available = sized.server.available,
        };
    }
    const ConditionSetter set(status, observed.pool.generation, now);
    set_available(set, rollout);
    const Readiness readiness =
        readiness_of(observed, sized, server, {.wanted = rollout.wanted, .ready = rollout.ready, .current = rollout.seen}, convergence);
    set(api::condition::kReady, readiness.ready, readiness.reason, readiness.message);
    set_progressing(set, rollout, convergence);
    set_database(set, server, sized);
    set_budget(set, observed, sized);
    set_demand(set, sized);
    set_converged(set, rollout, convergence);
    set(api::condition::kPaused, false, "Running", "nothing is paused");
    set_kstatus(set, rollout.complete() && convergence.complete() ? "" : "Progressing", "");
    return status;
}

api::Status make_blocked_status(const Observed& observed, const Finding& finding, std::string_view now) {
    api::Status status = observed.pool.status;
    Rollout rollout = rollout_of(observed);
    status.observed_generation = observed.pool.generation;
    show_pods(observed, rollout, status);
    const ConditionSetter set(status, observed.pool.generation, now);
    set_available(set, rollout);
    set(api::condition::kReady, false, finding.reason, finding.message);
    // A Secret may be on its way; all else is for somebody to do.
    const bool comes = finding.reason.starts_with("Secret");
    set_kstatus(set, comes ? finding.reason : "", comes ? "" : finding.reason);
    set(api::condition::kProgressing, false, finding.reason, "nothing is changed until this is solved; what runs keeps running");
    for (const std::string_view type :
         {api::condition::kDatabaseReachable, api::condition::kWithinBudget, api::condition::kDemandKnown, api::condition::kConfigConverged
         }) {
        if (api::find_condition(status.conditions, type) == nullptr) {
            set(type, ConditionStatus::kUnknown, finding.reason, "not looked at yet");
        }
    }
    set(api::condition::kPaused, false, "Running", "nothing is paused");
    return status;
}

}  // namespace cenote::controller
