// Runs LeaderElectionFsm against a Lease object, in a thread of its own. Owned by the manager.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/runtime/leader_election_fsm.hpp"
#include "operator/runtime/metrics_hooks.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace cenote::runtime {

struct LeaderElectionOptions {
    kube::ObjectName lease{"default", "cenote-operator"};
    std::string identity;  // unique among the candidates: pod name and a random part
    LeaseTiming timing;
};

class LeaderElection {
public:
    LeaderElection(kube::Cluster& cluster, LeaderElectionOptions options, MetricsHooks& metrics = no_metrics());
    ~LeaderElection();
    LeaderElection(const LeaderElection&) = delete;
    LeaderElection& operator=(const LeaderElection&) = delete;

    void start();
    /// Blocks until leading (true), or lost or stopped (false).
    [[nodiscard]] bool wait_until_leading(std::stop_token stop);
    /// Blocks until leadership is lost (true) or `stop` is requested (false).
    [[nodiscard]] bool wait_until_lost(std::stop_token stop);
    /// Joins the thread and gives the lease away if it was ours, so that another can take it at once.
    void stop();
    [[nodiscard]] LeaderElectionFsm::State state() const;

private:
    void run(std::stop_token stop);
    LeaderElectionFsm::Action perform(const LeaderElectionFsm::Action& action);
    void publish();
    void release();

    kube::Cluster& cluster_;
    LeaderElectionOptions options_;
    MetricsHooks& metrics_;
    LeaderElectionFsm fsm_;  // the thread's own while it runs
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    LeaderElectionFsm::State state_ = LeaderElectionFsm::State::kStandby;
    std::optional<TimePoint> deadline_;  // leading without a renewal past it is not leading
    std::jthread thread_;
};

}  // namespace cenote::runtime
