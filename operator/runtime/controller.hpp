// Runs a Reconciler: workers take names from the queue, and each result decides when the name comes back. Owns the queue and the worker
// threads.
#pragma once

#include "operator/kube/object.hpp"
#include "operator/runtime/informer.hpp"
#include "operator/runtime/metrics_hooks.hpp"
#include "operator/runtime/predicates.hpp"
#include "operator/runtime/rate_limiter.hpp"
#include "operator/runtime/reconciler.hpp"
#include "operator/runtime/work_queue.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace cenote::runtime {

struct ControllerOptions {
    std::string name;  // the label in metrics and logs
    std::size_t workers = 1;
    RateLimits limits;
};

class Controller {
public:
    Controller(ControllerOptions options, Reconciler& reconciler, MetricsHooks& metrics = no_metrics());
    ~Controller();
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    /// Changes the informer sees are mapped to names (both what the object was and what it is) and queued. Before the informer starts; the
    /// controller must outlive it.
    void watch(Informer& informer, MapFunction map = to_self(), Predicate when = always());
    /// From any thread, for what no informer sees.
    void enqueue(const kube::ObjectName& name) { queue_.add(name); }
    void enqueue_after(const kube::ObjectName& name, std::chrono::milliseconds delay) { queue_.add_after(name, delay); }

    void start();
    /// Takes no more names, waits for the reconciles under way. Final.
    void stop();

    [[nodiscard]] const std::string& name() const { return options_.name; }
    [[nodiscard]] WorkQueue& queue() { return queue_; }
    /// One turn of a worker without waiting, in the caller's thread: for tests and one-shot runs. False when no name was ready.
    bool process_one();

private:
    void work();
    void handle(const kube::ObjectName& name);

    ControllerOptions options_;
    Reconciler& reconciler_;
    MetricsHooks& metrics_;
    WorkQueue queue_;
    std::vector<std::jthread> workers_;
};

}  // namespace cenote::runtime
