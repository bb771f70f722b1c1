#include "operator/runtime/leader_election_fsm.hpp"

#include "operator/kube/object.hpp"
#include "operator/kube/rest_path.hpp"

#include <algorithm>
#include <utility>

namespace cenote::runtime {
namespace {

std::int64_t whole_seconds(std::chrono::milliseconds time) {
    return std::max<std::int64_t>(
        1, std::chrono::duration_cast<std::chrono::seconds>(time).count()
    );  // the API takes whole seconds above 0
}

}  // namespace

LeaderElectionFsm::LeaderElectionFsm(std::string identity, LeaseTiming timing) : identity_(std::move(identity)), timing_(timing) {}

LeaderElectionFsm::Action LeaderElectionFsm::next(TimePoint now) {
    if (state_ == State::kLost || (deadline() && now >= *deadline())) {
        return lose();
    }
    return {Action::Kind::kRead, {}, {}, {}};
}

LeaderElectionFsm::Action LeaderElectionFsm::on_lease(const kube::Json& lease, TimePoint now, WallTime wall) {
    observe(lease, now);
    if (holder_ == identity_ || holder_.empty()) {
        return {Action::Kind::kUpdate, spec_for_us(wall), resource_version_, {}};
    }
    if (state_ == State::kLeading) {
        return lose();
    }
    // The holder promised a duration; we measure it with our clock, from when we saw the record change.
    const auto promised =
        std::chrono::seconds(kube::int_or(observed_spec_, "/leaseDurationSeconds", whole_seconds(timing_.lease_duration)));
    if (now - observed_at_ < promised) {
        return {Action::Kind::kWait, {}, {}, timing_.retry_period};
    }
    return {Action::Kind::kUpdate, spec_for_us(wall), resource_version_, {}};
}

LeaderElectionFsm::Action LeaderElectionFsm::on_absent(TimePoint now, WallTime wall) {
    observe(kube::Json::object(), now);
    return {Action::Kind::kCreate, spec_for_us(wall), {}, {}};
}

LeaderElectionFsm::Action LeaderElectionFsm::on_written(const kube::Json& lease, TimePoint asked_at, TimePoint now) {
    observe(lease, now);
    if (state_ == State::kStandby || asked_at < *deadline()) {
        state_ = State::kLeading;
        renewed_at_ = asked_at;
    }
    return wait_or_lose(now);
}

LeaderElectionFsm::Action LeaderElectionFsm::on_failed(TimePoint now) { return wait_or_lose(now); }

LeaderElectionFsm::Action LeaderElectionFsm::wait_or_lose(TimePoint now) {
    if (deadline() && now >= *deadline()) {
        return lose();
    }
    return {Action::Kind::kWait, {}, {}, timing_.retry_period};
}

LeaderElectionFsm::Action LeaderElectionFsm::lose() {
    state_ = State::kLost;
    return {Action::Kind::kStop, {}, {}, {}};
}

std::optional<TimePoint> LeaderElectionFsm::deadline() const {
    return state_ == State::kLeading ? std::optional(renewed_at_ + timing_.renew_deadline) : std::nullopt;
}

void LeaderElectionFsm::observe(const kube::Json& lease, TimePoint now) {
    const kube::Json& spec = kube::object_or_empty(lease, "/spec");
    if (spec != observed_spec_) {
        observed_spec_ = spec;
        observed_at_ = now;
    }
    resource_version_ = kube::resource_version_of(lease);
    holder_ = kube::string_or(spec, "/holderIdentity");
}

kube::Json LeaderElectionFsm::spec_for_us(WallTime wall) const {
    const bool ours = holder_ == identity_;
    const std::int64_t transitions = kube::int_or(observed_spec_, "/leaseTransitions");
    return {
        {"holderIdentity", identity_},
        {"leaseDurationSeconds", whole_seconds(timing_.lease_duration)},
        {"acquireTime", ours ? kube::string_or(observed_spec_, "/acquireTime", kube::micro_time(wall)) : kube::micro_time(wall)},
        {"renewTime", kube::micro_time(wall)},
        {"leaseTransitions", ours                     ? transitions
                             : observed_spec_.empty() ? 0
                                                      : transitions + 1},
    };
}

kube::Json LeaderElectionFsm::release_spec(WallTime wall) const {
    kube::Json spec = spec_for_us(wall);
    spec["holderIdentity"] = "";
    spec["leaseDurationSeconds"] = 1;
    return spec;
}

}  // namespace cenote::runtime
