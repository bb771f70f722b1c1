#include "operator/runtime/leader_election.hpp"

#include "dataplane/base/log.hpp"

#include <utility>

namespace cenote::runtime {
namespace {

using Action = LeaderElectionFsm::Action;
using State = LeaderElectionFsm::State;
using WallClock = std::chrono::system_clock;

}  // namespace

LeaderElection::LeaderElection(kube::Cluster& cluster, LeaderElectionOptions options, MetricsHooks& metrics)
    : cluster_(cluster), options_(std::move(options)), metrics_(metrics), fsm_(options_.identity, options_.timing) {}

LeaderElection::~LeaderElection() { stop(); }

void LeaderElection::start() {
    metrics_.leader_changed(options_.lease.name, false);
    thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

LeaderElectionFsm::State LeaderElection::state() const {
    const std::lock_guard lock(mutex_);
    // The thread may hang in a call for longer than the lease lasts: then we have lost, whether it knows or not.
    return state_ == State::kLeading && deadline_ && Clock::now() >= *deadline_ ? State::kLost : state_;
}

bool LeaderElection::wait_until_leading(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return state_ != State::kStandby; });
    return state_ == State::kLeading;
}

bool LeaderElection::wait_until_lost(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested() && state_ == State::kLeading) {
        if (deadline_ && Clock::now() >= *deadline_) {
            break;
        }
        const TimePoint until = deadline_.value_or(Clock::now() + options_.timing.renew_deadline);
        const auto seen = deadline_;
        changed_.wait_until(lock, stop, until, [this, seen] { return state_ != State::kLeading || deadline_ != seen; });
    }
    return !stop.stop_requested();
}

void LeaderElection::run(std::stop_token stop) {
    Action action = fsm_.next(Clock::now());
    while (!stop.stop_requested()) {
        publish();
        if (action.kind == Action::Kind::kStop) {
            return;
        }
        if (action.kind == Action::Kind::kWait) {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, stop, action.wait, [] { return false; });
            lock.unlock();
            action = fsm_.next(Clock::now());
        } else {
            action = perform(action);
        }
    }
}

Action LeaderElection::perform(const Action& action) {
    const TimePoint asked_at = Clock::now();
    if (action.kind == Action::Kind::kRead) {
        auto lease = cluster_.get(kube::kLease, options_.lease);
        if (lease) {
            return fsm_.on_lease(*lease, Clock::now(), WallClock::now());
        }
        if (lease.failed_with(kube::ApiError::Kind::kNotFound)) {
            return fsm_.on_absent(Clock::now(), WallClock::now());
        }
        log::warning("leader election: cannot read the lease {}: {}", options_.lease.to_string(), lease.error().message);
        return fsm_.on_failed(Clock::now());
    }
    auto written =
        action.kind == Action::Kind::kCreate
            ? cluster_.create(kube::kLease, options_.lease, {{"spec", action.lease_spec}})
            : cluster_.merge_patch(
                  kube::kLease, options_.lease, {{"metadata", {{"resourceVersion", action.resource_version}}}, {"spec", action.lease_spec}}
              );
    if (written) {
        return fsm_.on_written(*written, asked_at, Clock::now());
    }
    if (!written.failed_with(kube::ApiError::Kind::kConflict) && !written.failed_with(kube::ApiError::Kind::kAlreadyExists)) {
        log::warning("leader election: cannot write the lease {}: {}", options_.lease.to_string(), written.error().message);
    }
    return fsm_.on_failed(Clock::now());
}

void LeaderElection::publish() {
    bool changed = false;
    {
        const std::lock_guard lock(mutex_);
        changed = state_ != fsm_.state();
        state_ = fsm_.state();
        deadline_ = fsm_.deadline();
    }
    changed_.notify_all();
    if (changed) {
        log::info(
            "leader election: {} {} the lease {}", options_.identity, state_ == State::kLeading ? "holds" : "lost",
            options_.lease.to_string()
        );
        metrics_.leader_changed(options_.lease.name, state_ == State::kLeading);
    }
}

void LeaderElection::stop() {
    if (!thread_.joinable()) {
        return;
    }
    thread_.request_stop();
    thread_.join();
    release();
}

void LeaderElection::release() {
    if (fsm_.state() != State::kLeading) {
        return;
    }
    const auto released = cluster_.merge_patch(
        kube::kLease, options_.lease,
        {{"metadata", {{"resourceVersion", fsm_.resource_version()}}}, {"spec", fsm_.release_spec(WallClock::now())}}
    );
    if (!released) {
        log::info("leader election: the lease {} was not given away: {}", options_.lease.to_string(), released.error().message);
    }
    const std::lock_guard lock(mutex_);
    state_ = State::kLost;
    deadline_.reset();
}

}  // namespace cenote::runtime
