// Where the machinery reports what it does; the metrics folder turns it into controller-runtime's families and labels. Called from any
// thread; never blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace cenote::runtime {

class MetricsHooks {
public:
    using Seconds = std::chrono::duration<double>;

    MetricsHooks() = default;
    MetricsHooks(const MetricsHooks&) = delete;
    MetricsHooks& operator=(const MetricsHooks&) = delete;
    virtual ~MetricsHooks() = default;

    // controller_runtime_*{controller}; result is "success", "requeue_after" or "error".
    virtual void controller_started(std::string_view /*controller*/, std::size_t /*max_concurrent*/) {}
    virtual void reconcile_started(std::string_view /*controller*/) {}
    virtual void reconcile_finished(std::string_view /*controller*/, std::string_view /*result*/, Seconds /*took*/) {}
    virtual void reconcile_terminal_error(std::string_view /*controller*/) {}
    virtual void reconcile_panicked(std::string_view /*controller*/) {}
    // workqueue_*{name}
    virtual void queue_depth(std::string_view /*name*/, std::size_t /*depth*/) {}
    virtual void queue_added(std::string_view /*name*/) {}
    virtual void queue_waited(std::string_view /*name*/, Seconds /*in_queue*/) {}
    virtual void queue_worked(std::string_view /*name*/, Seconds /*in_hand*/) {}
    virtual void queue_retried(std::string_view /*name*/) {}
    // leader_election_master_status{name}
    virtual void leader_changed(std::string_view /*lease*/, bool /*leading*/) {}
};

/// Does nothing; for tests and where no metrics are wanted.
[[nodiscard]] MetricsHooks& no_metrics();

}  // namespace cenote::runtime
