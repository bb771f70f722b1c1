// Starts and stops the machinery in order: informers (a standby keeps its cache warm) -> leadership -> first sync -> controllers; and back.
// Owns them all.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/kube/cluster.hpp"
#include "operator/runtime/controller.hpp"
#include "operator/runtime/informer.hpp"
#include "operator/runtime/leader_election.hpp"
#include "operator/runtime/metrics_hooks.hpp"
#include "operator/runtime/reconciler.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cenote::runtime {

struct ManagerOptions {
    std::optional<LeaderElectionOptions> leader_election;  // nullopt: this process is alone
    std::chrono::milliseconds sync_timeout{120'000};
    /// For the lease's own calls, with a timeout that leaves room for another try before the renew deadline; null = the manager's.
    kube::Cluster* lease_cluster = nullptr;
};

class Manager {
public:
    Manager(kube::Cluster& cluster, ManagerOptions options, MetricsHooks& metrics = no_metrics());
    ~Manager();
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    // Before run().
    /// One informer for each distinct options: asking twice gives the same.
    Informer& informer(const InformerOptions& options);
    Controller& add_controller(ControllerOptions options, Reconciler& reconciler);

    /// Blocks until `stop` is requested (success), the caches cannot be filled, or leadership is lost (errors: end the process, another one
    /// leads now).
    Result<void> run(std::stop_token stop);

    /// All caches are filled; true for a standby as well. Any thread; what /readyz answers.
    [[nodiscard]] bool ready() const;
    [[nodiscard]] bool leading() const;

private:
    [[nodiscard]] Result<void> lead(const std::stop_token& stop);
    [[nodiscard]] Result<void> wait_for_caches(const std::stop_token& stop) const;
    void stop_all();

    kube::Cluster& cluster_;
    ManagerOptions options_;
    MetricsHooks& metrics_;
    std::vector<std::unique_ptr<Informer>> informers_;
    std::vector<std::unique_ptr<Controller>> controllers_;
    std::unique_ptr<LeaderElection> election_;
    std::atomic<bool> started_{false};
};

}  // namespace cenote::runtime
