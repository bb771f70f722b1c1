#include "operator/controller/pool_reconciler.hpp"

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"
#include "operator/controller/apply.hpp"
#include "operator/sizing/client_limit.hpp"
#include "operator/specs/objects.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

using runtime::ReconcileResult;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// What pods say of themselves wakes a turn; this is for what nobody says.
constexpr milliseconds kWhileConverging{1'000};
constexpr milliseconds kWhileSilent{10'000};
// A pool made anew waits until the garbage collector has taken its predecessor's objects.
constexpr milliseconds kForLeftovers{500};
constexpr milliseconds kForFirstAnswers{50};
// Servers are asked again; all else is found by events.
constexpr milliseconds kSteady{30'000};
constexpr milliseconds kBlocked{30'000};

std::string restarted_at(const Observed& observed) {
    return kube::annotation_of(*observed.object, api::kRestartedAtAnnotation).value_or("");
}

specs::Inputs inputs_of(const Observed& observed, const Sized& sized, const std::string& image) {
    specs::Inputs inputs;
    inputs.image = image;
    inputs.username = observed.credentials.data->at(std::string(api::kUsernameKey));
    inputs.password = observed.credentials.data->at(std::string(api::kPasswordKey));
    if (observed.users.data) {
        inputs.users = observed.users.data->at(std::string(api::kUserlistKey));
    }
    inputs.replicas = sized.pool.replicas;
    inputs.restarted_at = restarted_at(observed);
    inputs.max_client_conn = sizing::max_client_conn(sized.demand.workloads, observed.pool.spec.sizing.headroom_percent);
    return inputs;
}

Finding name_taken(const std::string& what) {
    return {"NameTaken", fmt::format("{} exists and belongs to somebody else; rename the pool, or remove that object", what)};
}

}  // namespace

PoolReconciler::PoolReconciler(kube::Cluster& cluster, Caches caches, ReconcilerOptions options, PoolWatcher& watcher)
    : cluster_(cluster),
      options_(std::move(options)),
      watcher_(watcher),
      observer_(caches, options_.read_report),
      servers_(options_.read_capacity),
      sizer_(options_.sizing) {}

ReconcileResult PoolReconciler::reconcile(const kube::ObjectName& name) {
    std::call_once(introduced_, [this] { sizer_.introduce(observer_, options_.now()); });
    const auto observed = observer_.observe(name);
    if (!observed || observed->pool.deleting) {
        return forget(name);  // the children go with their owner
    }
    if (const auto finding = first_finding(*observed)) {
        return report_blocked(*observed, *finding);
    }
    if (too_early(*observed)) {
        return ReconcileResult::requeue_after(kForFirstAnswers);
    }
    const TimePoint now = options_.now();
    const ServerReading server = servers_.read(target_of(*observed, options_.sizing.names_have_namespaces), now);
    const SizeDecision decision = sizer_.size(*observed, server, to_roll(*observed), now);
    wake(decision.to_wake);

    const auto desired = specs::desired_state(observed->pool, inputs_of(*observed, decision.sized, options_.image));
    if (!desired) {
        return report_blocked(*observed, {"CannotRender", desired.error().message});
    }
    const Plan plan = plan_for(*observed, *desired, decision.sized.pool.may_roll);
    if (!plan.foreign.empty()) {
        return report_blocked(*observed, name_taken(fmt::format("{}", fmt::join(plan.foreign, ", "))));
    }
    if (!plan.leftover.empty()) {
        return ReconcileResult::requeue_after(kForLeftovers);
    }
    if (plan.creates() && !still_exists(*observed)) {
        return forget(name);  // the cache has not seen yet that the pool is gone
    }
    const auto applied = apply_plan(cluster_, *observed->object, plan);
    if (!applied) {
        if (applied.failed_with(kube::ApiError::Kind::kInvalid)) {
            return report_blocked(*observed, {"Refused", applied.error().message});
        }
        const bool refused = applied.failed_with(kube::ApiError::Kind::kForbidden);
        if (refused && !applied.error().namespace_terminating) {
            // A quota, or a right that is missing: nothing the log alone should know of.
            return report_blocked(*observed, {"Forbidden", applied.error().message});
        }
        return refused ? ReconcileResult::done() : ReconcileResult::from(applied.error());
    }
    if (!applied->foreign.empty()) {
        return report_blocked(*observed, name_taken(applied->foreign));
    }
    if (!applied->leftover.empty()) {
        return ReconcileResult::requeue_after(kForLeftovers);
    }
    tell(*observed, notices_of(plan, observed->deployment != nullptr));
    const bool written =
        annotate_pods(cluster_, observed->pool.spec, observed->pods, desired->hashes, decision.sized.pool.pods, decision.sized.server_key);
    const Convergence convergence = measure_convergence(observed->pods, desired->hashes, written && decision.sized.pool.settled);
    const api::Status status = make_status(*observed, decision.sized, server, desired->hashes, convergence, options_.wall_now());
    if (const auto published = publish(*observed, status); !published) {
        return ReconcileResult::from(published.error());
    }
    const bool complete = convergence.complete() && plan.actions.empty();
    options_.expect_change(name, !complete);
    const milliseconds delay = look_again_in(name, poke_value(desired->hashes), complete, now);
    return ReconcileResult::requeue_after(std::min(delay, duration_cast<milliseconds>(decision.look_again_in.value_or(kSteady))));
}

bool PoolReconciler::too_early(const Observed& observed) {
    {
        const std::scoped_lock lock(mutex_);
        if (memory_[observed.name()].told) {
            return false;
        }
    }
    return std::any_of(observed.pods.begin(), observed.pods.end(), [this](const PodState& pod) {
        return !pod.ending && options_.still_asking(pod.uid);
    });
}

milliseconds PoolReconciler::look_again_in(const kube::ObjectName& pool, const std::string& hashes, bool complete, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    Memory& memory = memory_[pool];
    if (complete) {
        memory.waiting_since.reset();
        return kSteady;
    }
    if (!memory.waiting_since || memory.waiting_for != hashes) {
        memory.waiting_since = now;
        memory.waiting_for = hashes;
    }
    return std::clamp(duration_cast<milliseconds>(now - *memory.waiting_since) / 8, kWhileConverging, kWhileSilent);
}

std::int64_t PoolReconciler::to_roll(const Observed& observed) const {
    if (!observed.deployment) {
        return 0;
    }
    const kube::Json wanted =
        specs::deployment(observed.pool, {.image = options_.image, .replicas = 1, .restarted_at = restarted_at(observed)});
    const bool will = rolls(wanted, *observed.deployment) && !rolls_by_rendering_alone(wanted, *observed.deployment);
    return will ? std::count_if(observed.pods.begin(), observed.pods.end(), [](const PodState& pod) { return !pod.ending; }) : 0;
}

Plan PoolReconciler::plan_for(const Observed& observed, const specs::DesiredState& desired, bool may_roll) const {
    std::vector<kube::ResourceType> not_wanted;
    if (!desired.pod_disruption_budget) {
        not_wanted.push_back(kube::kPodDisruptionBudget);
    }
    // Pods get successors when the budget has room for them, and never because of another rendering alone.
    const bool holds = observed.deployment && ownership_of(*observed.object, *observed.deployment) == Ownership::kOurs &&
                       rolls(desired.deployment, *observed.deployment) &&
                       (rolls_by_rendering_alone(desired.deployment, *observed.deployment) || (!may_roll && !observed.pods.empty()));
    std::vector<kube::Json> wanted = desired.objects();
    if (holds) {
        std::erase_if(wanted, [](const kube::Json& object) { return kube::kind_of(object) == kube::kDeployment.kind; });
    }
    Plan plan = make_plan(*observed.object, wanted, not_wanted, [this](const kube::ResourceType& type, const kube::ObjectName& name) {
        const runtime::ObjectStore* store = observer_.caches().of(type);
        return store != nullptr ? store->get(name) : nullptr;
    });
    if (holds) {
        add_scaling(plan, *observed.deployment, desired.replicas);
    }
    return plan;
}

bool PoolReconciler::still_exists(const Observed& observed) const {
    const auto pool = cluster_.get(kube::kConnectionPool, observed.name());
    return pool ? kube::uid_of(*pool) == observed.pool.uid && !kube::is_being_deleted(*pool)
                : !pool.failed_with(kube::ApiError::Kind::kNotFound);
}

ReconcileResult PoolReconciler::forget(const kube::ObjectName& name) {
    wake(sizer_.forget(name, observer_.pods(name), options_.now()));
    options_.expect_change(name, false);
    {
        const std::scoped_lock lock(mutex_);
        memory_.erase(name);
    }
    watcher_.pool_gone(name);
    return ReconcileResult::done();
}

ReconcileResult PoolReconciler::report_blocked(const Observed& observed, const Finding& finding) {
    if (const auto published = publish(observed, make_blocked_status(observed, finding, options_.wall_now())); !published) {
        return ReconcileResult::from(published.error());
    }
    return ReconcileResult::requeue_after(kBlocked);
}

kube::ApiResult<void> PoolReconciler::publish(const Observed& observed, const api::Status& status) {
    watcher_.pool_seen(observed.name(), status);
    kube::Json fresh = api::write_status(status);
    if (fresh == kube::object_or_empty(*observed.object, "/status")) {
        return {};
    }
    const auto written = cluster_.apply_status(kube::kConnectionPool, observed.name(), std::move(fresh));
    if (!written && !written.failed_with(kube::ApiError::Kind::kNotFound)) {
        return written.error();
    }
    std::vector<Notice> notices;
    {
        const std::scoped_lock lock(mutex_);
        std::optional<api::Status>& told = memory_[observed.name()].told;
        notices = notices_between(told.value_or(observed.pool.status), status);
        told = status;
    }
    tell(observed, notices);
    return {};
}

void PoolReconciler::wake(const std::vector<kube::ObjectName>& pools) const {
    for (const kube::ObjectName& pool : pools) {
        options_.enqueue(pool);
    }
}

void PoolReconciler::tell(const Observed& observed, const std::vector<Notice>& notices) const {
    for (const Notice& notice : notices) {
        options_.tell(*observed.object, notice);
    }
}

}  // namespace cenote::controller
