#include "operator/metrics/operator_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace cenote::metrics {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Labels = std::map<std::string, std::string>;
using CounterFamily = prometheus::Family<prometheus::Counter>;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;
using HistogramFamily = prometheus::Family<prometheus::Histogram>;

// controller-runtime, pkg/internal/controller/metrics.
const prometheus::Histogram::BucketBoundaries kReconcileBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,  0.35,
                                                                0.4,   0.45, 0.5,   0.6,  0.7, 0.8,  0.9, 1.0,  1.25, 1.5,
                                                                1.75,  2.0,  2.5,   3.0,  3.5, 4.0,  4.5, 5,    6,    7,
                                                                8,     9,    10,    15,   20,  25,   30,  40,   50,   60};
// client-go's workqueue: exponential, 10 ns to 1000 s.
const prometheus::Histogram::BucketBoundaries kQueueBuckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
// client-go's rest client.
const prometheus::Histogram::BucketBoundaries kRequestBuckets{0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0};

Labels by_controller(std::string_view controller) { return {{"controller", std::string(controller)}}; }
Labels by_queue(std::string_view name) { return {{"name", std::string(name)}, {"controller", std::string(name)}}; }
Labels by_pool(const kube::ObjectName& pool) { return {{"namespace", pool.ns}, {"pool", pool.name}}; }

/// The gauges one pool has; taken away together when it is gone.
struct PoolGauges {
    prometheus::Gauge* demand;
    prometheus::Gauge* granted;
    prometheus::Gauge* per_pod;
    prometheus::Gauge* limited;
    prometheus::Gauge* replicas;
    prometheus::Gauge* ready_replicas;
    std::map<std::string, prometheus::Gauge*> conditions;
};

}  // namespace

struct OperatorMetrics::Families {
    prometheus::Registry registry;
    CounterFamily& reconciles =
        BuildCounter().Name("controller_runtime_reconcile_total").Help("Reconciliations per controller and result").Register(registry);
    CounterFamily& errors =
        BuildCounter().Name("controller_runtime_reconcile_errors_total").Help("Reconciliations that failed").Register(registry);
    CounterFamily& terminal = BuildCounter()
                                  .Name("controller_runtime_terminal_reconcile_errors_total")
                                  .Help("Reconciliations that failed and are not tried again")
                                  .Register(registry);
    CounterFamily& panics =
        BuildCounter().Name("controller_runtime_reconcile_panics_total").Help("Exceptions out of a reconciler").Register(registry);
    HistogramFamily& times =
        BuildHistogram().Name("controller_runtime_reconcile_time_seconds").Help("Time a reconciliation takes").Register(registry);
    GaugeFamily& max_concurrent =
        BuildGauge().Name("controller_runtime_max_concurrent_reconciles").Help("Reconciliations that may run at once").Register(registry);
    GaugeFamily& active = BuildGauge().Name("controller_runtime_active_workers").Help("Reconciliations under way").Register(registry);
    GaugeFamily& depth = BuildGauge().Name("workqueue_depth").Help("Names waiting in the queue").Register(registry);
    CounterFamily& adds = BuildCounter().Name("workqueue_adds_total").Help("Names added to the queue").Register(registry);
    HistogramFamily& waits =
        BuildHistogram().Name("workqueue_queue_duration_seconds").Help("Time a name waits in the queue").Register(registry);
    HistogramFamily& works = BuildHistogram().Name("workqueue_work_duration_seconds").Help("Time a name is worked on").Register(registry);
    CounterFamily& retries = BuildCounter().Name("workqueue_retries_total").Help("Names that came back after a failure").Register(registry);
    GaugeFamily& leader = BuildGauge().Name("leader_election_master_status").Help("1 while this process leads").Register(registry);
    CounterFamily& requests =
        BuildCounter().Name("rest_client_requests_total").Help("Requests to the API server by code, method and host").Register(registry);
    HistogramFamily& request_times =
        BuildHistogram().Name("rest_client_request_duration_seconds").Help("Time a request to the API server takes").Register(registry);
    GaugeFamily& build = BuildGauge().Name("cenote_operator_build_info").Help("1, with the version as a label").Register(registry);
    GaugeFamily& demand =
        BuildGauge().Name("cenote_connectionpool_demand").Help("Server connections the pool's workloads ask for").Register(registry);
    GaugeFamily& granted =
        BuildGauge().Name("cenote_connectionpool_granted").Help("Server connections all pods of the pool may open").Register(registry);
    GaugeFamily& per_pod =
        BuildGauge().Name("cenote_connectionpool_per_pod").Help("Server connections each pod may open").Register(registry);
    GaugeFamily& limited =
        BuildGauge().Name("cenote_connectionpool_limited").Help("1 while the pool gets less than it asks for").Register(registry);
    GaugeFamily& replicas = BuildGauge().Name("cenote_connectionpool_replicas").Help("Pods of the pool").Register(registry);
    GaugeFamily& ready = BuildGauge().Name("cenote_connectionpool_ready_replicas").Help("Ready pods of the pool").Register(registry);
    GaugeFamily& conditions =
        BuildGauge().Name("cenote_connectionpool_condition").Help("1 True, 0 False, -1 Unknown, by condition type").Register(registry);
    std::mutex mutex;
    std::map<kube::ObjectName, PoolGauges> pools;

    PoolGauges& gauges_of(const kube::ObjectName& pool) {
        const auto known = pools.find(pool);
        if (known != pools.end()) {
            return known->second;
        }
        const Labels labels = by_pool(pool);
        return pools
            .emplace(
                pool,
                PoolGauges{
                    &demand.Add(labels),
                    &granted.Add(labels),
                    &per_pod.Add(labels),
                    &limited.Add(labels),
                    &replicas.Add(labels),
                    &ready.Add(labels),
                    {}
                }
            )
            .first->second;
    }
};

OperatorMetrics::OperatorMetrics(const std::string& version) : families_(std::make_unique<Families>()) {
    families_->build.Add({{"version", version}}).Set(1);
}

OperatorMetrics::~OperatorMetrics() = default;

std::string OperatorMetrics::text() const { return prometheus::TextSerializer().Serialize(families_->registry.Collect()); }

void OperatorMetrics::controller_started(std::string_view controller, std::size_t max_concurrent) {
    families_->max_concurrent.Add(by_controller(controller)).Set(static_cast<double>(max_concurrent));
    // As controller-runtime: what can happen is there as 0 before it happens, so that rates work from the first one.
    for (const char* result : {"success", "error", "requeue", "requeue_after"}) {
        families_->reconciles.Add({{"controller", std::string(controller)}, {"result", result}});
    }
    families_->errors.Add(by_controller(controller));
    families_->terminal.Add(by_controller(controller));
    families_->panics.Add(by_controller(controller));
}

void OperatorMetrics::reconcile_started(std::string_view controller) { families_->active.Add(by_controller(controller)).Increment(); }

void OperatorMetrics::reconcile_finished(std::string_view controller, std::string_view result, Seconds took) {
    families_->active.Add(by_controller(controller)).Decrement();
    families_->reconciles.Add({{"controller", std::string(controller)}, {"result", std::string(result)}}).Increment();
    families_->times.Add(by_controller(controller), kReconcileBuckets).Observe(took.count());
    if (result == "error") {
        families_->errors.Add(by_controller(controller)).Increment();
    }
}

void OperatorMetrics::reconcile_terminal_error(std::string_view controller) {
    families_->terminal.Add(by_controller(controller)).Increment();
}
void OperatorMetrics::reconcile_panicked(std::string_view controller) { families_->panics.Add(by_controller(controller)).Increment(); }
void OperatorMetrics::queue_depth(std::string_view name, std::size_t depth) {
    families_->depth.Add(by_queue(name)).Set(static_cast<double>(depth));
}
void OperatorMetrics::queue_added(std::string_view name) { families_->adds.Add(by_queue(name)).Increment(); }
void OperatorMetrics::queue_waited(std::string_view name, Seconds in_queue) {
    families_->waits.Add(by_queue(name), kQueueBuckets).Observe(in_queue.count());
}
void OperatorMetrics::queue_worked(std::string_view name, Seconds in_hand) {
    families_->works.Add(by_queue(name), kQueueBuckets).Observe(in_hand.count());
}
void OperatorMetrics::queue_retried(std::string_view name) { families_->retries.Add(by_queue(name)).Increment(); }

void OperatorMetrics::leader_changed(std::string_view lease, bool leading) {
    families_->leader.Add({{"name", std::string(lease)}}).Set(leading ? 1 : 0);
}

void OperatorMetrics::request_done(
    std::string_view code, std::string_view method, std::string_view host, std::chrono::duration<double> took
) {
    families_->requests.Add({{"code", std::string(code)}, {"method", std::string(method)}, {"host", std::string(host)}}).Increment();
    families_->request_times.Add({{"verb", std::string(method)}, {"host", std::string(host)}}, kRequestBuckets).Observe(took.count());
}

void OperatorMetrics::pool_seen(const kube::ObjectName& pool, const api::Status& status) {
    const std::scoped_lock lock(families_->mutex);
    PoolGauges& gauges = families_->gauges_of(pool);
    if (status.sizing) {
        gauges.demand->Set(static_cast<double>(status.sizing->demand));
        gauges.granted->Set(static_cast<double>(status.sizing->granted));
        gauges.per_pod->Set(static_cast<double>(status.sizing->per_pod));
        gauges.limited->Set(status.sizing->limited_by == api::LimitedBy::kNone ? 0 : 1);
    }
    gauges.replicas->Set(status.replicas);
    gauges.ready_replicas->Set(status.ready_replicas);
    for (const api::Condition& condition : status.conditions) {
        prometheus::Gauge*& gauge = gauges.conditions[condition.type];
        if (gauge == nullptr) {
            Labels labels = by_pool(pool);
            labels["condition"] = condition.type;
            gauge = &families_->conditions.Add(labels);
        }
        gauge->Set(condition.status == api::ConditionStatus::kTrue ? 1 : condition.status == api::ConditionStatus::kFalse ? 0 : -1);
    }
}

void OperatorMetrics::pool_gone(const kube::ObjectName& pool) {
    const std::scoped_lock lock(families_->mutex);
    const auto at = families_->pools.find(pool);
    if (at == families_->pools.end()) {
        return;
    }
    families_->demand.Remove(at->second.demand);
    families_->granted.Remove(at->second.granted);
    families_->per_pod.Remove(at->second.per_pod);
    families_->limited.Remove(at->second.limited);
    families_->replicas.Remove(at->second.replicas);
    families_->ready.Remove(at->second.ready_replicas);
    for (const auto& [type, gauge] : at->second.conditions) {
        families_->conditions.Remove(gauge);
    }
    families_->pools.erase(at);
}

}  // namespace cenote::metrics
