// Brings what runs in line with one ConnectionPool. Reads as prose in the .cpp; each phase is a file of its own. Called from any of the
// controller's workers, never for one pool by two at once.
#pragma once

#include "operator/controller/observe.hpp"
#include "operator/controller/plan.hpp"
#include "operator/controller/pool_events.hpp"
#include "operator/controller/server_book.hpp"
#include "operator/controller/size.hpp"
#include "operator/kube/cluster.hpp"
#include "operator/runtime/event_recorder.hpp"
#include "operator/runtime/reconciler.hpp"
#include "operator/specs/desired_state.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace cenote::controller {

/// Told after each turn; the metrics folder makes gauges of it. Any thread.
class PoolWatcher {
public:
    PoolWatcher() = default;
    PoolWatcher(const PoolWatcher&) = delete;
    PoolWatcher& operator=(const PoolWatcher&) = delete;
    virtual ~PoolWatcher() = default;
    virtual void pool_seen(const kube::ObjectName& /*pool*/, const api::Status& /*status*/) {}
    virtual void pool_gone(const kube::ObjectName& /*pool*/) {}
};

struct ReconcilerOptions {
    std::string image;  // of the pods, unless the spec names one
    ReadCapacity read_capacity;
    ReadReport read_report;
    /// The pod has not been heard of yet. A pool's first turn waits for it, so that a start does not show every pod as silent.
    std::function<bool(const std::string& uid)> still_asking = [](const std::string&) { return false; };
    /// Something is on its way to a pool's pods, or all of it has arrived.
    std::function<void(const kube::ObjectName& pool, bool expected)> expect_change = [](const kube::ObjectName&, bool) {};
    std::function<void(const kube::ObjectName&)> enqueue;  // another pool whose share changed
    /// An Event for people about the pool.
    std::function<void(const kube::Json& pool, const Notice&)> tell;
    std::function<TimePoint()> now = &Clock::now;
    std::function<std::string()> wall_now;  // RFC 3339
    SizerOptions sizing;
};

class PoolReconciler final : public runtime::Reconciler {
public:
    PoolReconciler(kube::Cluster& cluster, Caches caches, ReconcilerOptions options, PoolWatcher& watcher);

    runtime::ReconcileResult reconcile(const kube::ObjectName& name) override;

private:
    /// Asked of the cluster, not of the cache: before anything is created.
    [[nodiscard]] bool still_exists(const Observed& observed) const;
    runtime::ReconcileResult forget(const kube::ObjectName& name);
    runtime::ReconcileResult report_blocked(const Observed& observed, const Finding& finding);
    /// Writes the status if it differs, and tells people what moved.
    [[nodiscard]] kube::ApiResult<void> publish(const Observed& observed, const api::Status& status);
    /// This process has not looked at the pool before, and pods have not been heard of yet.
    [[nodiscard]] bool too_early(const Observed& observed);
    /// Soon at first; ever more rarely while a pod does not answer, since each look takes a worker's time.
    [[nodiscard]] std::chrono::milliseconds look_again_in(
        const kube::ObjectName& pool, const std::string& hashes, bool complete, TimePoint now
    );
    void wake(const std::vector<kube::ObjectName>& pools) const;
    void tell(const Observed& observed, const std::vector<Notice>& notices) const;
    [[nodiscard]] Plan plan_for(const Observed& observed, const specs::DesiredState& desired, bool may_roll) const;
    /// Pods that what is wanted now would give successors.
    [[nodiscard]] std::int64_t to_roll(const Observed& observed) const;

    kube::Cluster& cluster_;
    ReconcilerOptions options_;
    PoolWatcher& watcher_;
    Observer observer_;
    ServerBook servers_;
    Sizer sizer_;
    std::once_flag introduced_;
    struct Memory {
        std::optional<api::Status> told;         // the cache may not have seen our own status write yet, and nothing is to be told twice
        std::optional<TimePoint> waiting_since;  // pods have not all taken over this configuration
        std::string waiting_for;                 // its hashes
    };
    std::mutex mutex_;
    std::map<kube::ObjectName, Memory> memory_;
};

}  // namespace cenote::controller
