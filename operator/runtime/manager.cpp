#include "operator/runtime/manager.hpp"

#include "dataplane/base/log.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace cenote::runtime {

Manager::Manager(kube::Cluster& cluster, ManagerOptions options, MetricsHooks& metrics)
    : cluster_(cluster), options_(std::move(options)), metrics_(metrics) {
    if (options_.leader_election) {
        election_ = std::make_unique<LeaderElection>(
            options_.lease_cluster != nullptr ? *options_.lease_cluster : cluster_, *options_.leader_election, metrics_
        );
    }
}

Manager::~Manager() { stop_all(); }

Informer& Manager::informer(const InformerOptions& options) {
    for (const auto& informer : informers_) {
        if (informer->options() == options) {
            return *informer;
        }
    }
    return *informers_.emplace_back(std::make_unique<Informer>(cluster_, options));
}

Controller& Manager::add_controller(ControllerOptions options, Reconciler& reconciler) {
    return *controllers_.emplace_back(std::make_unique<Controller>(std::move(options), reconciler, metrics_));
}

Result<void> Manager::run(std::stop_token stop) {
    for (const auto& informer : informers_) {
        informer->start();
    }
    started_ = true;
    Result<void> outcome = lead(stop);
    stop_all();
    return outcome;
}

Result<void> Manager::lead(const std::stop_token& stop) {
    if (election_) {
        election_->start();
        if (!election_->wait_until_leading(stop)) {
            return stop.stop_requested() ? Result<void>() : Result<void>(Error{"leader election ended"});
        }
    }
    // What the cache knew as a standby may be old; what it does not know yet must come before the first reconcile deletes on its word.
    if (auto filled = wait_for_caches(stop); !filled || stop.stop_requested()) {
        return filled;
    }
    for (const auto& controller : controllers_) {
        controller->start();
        log::info("controller {} started", controller->name());
    }
    if (election_) {
        return election_->wait_until_lost(stop) ? Result<void>(Error{"leadership lost"}) : Result<void>();
    }
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait(lock, stop, [] { return false; });
    return {};
}

Result<void> Manager::wait_for_caches(const std::stop_token& stop) const {
    const TimePoint deadline = Clock::now() + options_.sync_timeout;
    for (const auto& informer : informers_) {
        while (!stop.stop_requested() && !informer->wait_for_sync(std::chrono::milliseconds(200))) {
            if (Clock::now() >= deadline) {
                return Error{fmt::format(
                    "the list of {} did not come within {} s", informer->options().type.plural,
                    std::chrono::duration_cast<std::chrono::seconds>(options_.sync_timeout).count()
                )};
            }
        }
    }
    return {};
}

bool Manager::ready() const {
    return started_ && std::all_of(informers_.begin(), informers_.end(), [](const auto& informer) { return informer->has_synced(); });
}

bool Manager::leading() const { return !election_ || election_->state() == LeaderElectionFsm::State::kLeading; }

void Manager::stop_all() {
    // In-flight reconciles end first, while their caches are alive; the lease is given away when nothing of ours writes any more.
    for (const auto& controller : controllers_) {
        controller->stop();
    }
    for (const auto& informer : informers_) {
        informer->stop();
    }
    if (election_) {
        election_->stop();
    }
}

}  // namespace cenote::runtime
