#include "operator/budget/server_ledger.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace cenote::budget {
namespace {

/// Of what is available this part is kept for pods that come unannounced (evicted, deleted by hand, after a lost node), if there are as
/// many.
constexpr std::int64_t kUnannouncedPercent = 8;
/// A request's timeout and a cache's lag, with room to spare.
constexpr Duration kOnItsWay = std::chrono::seconds(15);
constexpr std::int64_t kLargestRoll = 8;  // a roll-out keeps at most the eighth part of what is available free for itself
constexpr std::int64_t kMost = 1'000'000;

std::int64_t bounded(std::int64_t value) { return std::clamp<std::int64_t>(value, 0, kMost); }

}  // namespace

std::int64_t ServerLedger::Pool::live() const {
    return std::count_if(pods.begin(), pods.end(), [](const auto& entry) { return !entry.second.ending(); });
}

void ServerLedger::Pool::remember_allowed(TimePoint now) {
    if (allowed >= may_come || now >= may_come_until) {
        may_come = allowed;
        may_come_until = now + kOnItsWay;
    }
}

std::int64_t ServerLedger::Pool::fixed() const {
    std::int64_t sum = 0;
    for (const auto& [uid, pod] : pods) {
        sum += pod.ending() ? pod.charge() : 0;
    }
    return sum;
}

std::int64_t ServerLedger::Pool::announced() const {
    const std::int64_t missing = std::max<std::int64_t>(std::max(allowed, may_come) - live(), 0);
    return missing * kFloor + (retired ? 0 : std::max(replacing, may_roll ? to_roll : 0) * kFloor);
}

std::int64_t ServerLedger::Pool::unmet() const {
    const std::int64_t more = std::max<std::int64_t>(bounded(claim.replicas) - std::max(allowed, live()), 0);
    return retired ? 0 : more * kFloor + (may_roll ? 0 : std::max<std::int64_t>(to_roll - replacing, 0) * kFloor);
}

std::int64_t ServerLedger::Pool::per_pod_wanted() const {
    const std::int64_t replicas = std::max<std::int64_t>(bounded(claim.replicas), 1);
    return std::max<std::int64_t>((bounded(claim.demand) + replicas - 1) / replicas, kFloor);
}

void ServerLedger::observe_pods(Pool& pool, const std::vector<PodFact>& pods, TimePoint now) {
    std::set<std::string> seen;
    for (const PodFact& fact : pods) {
        seen.insert(fact.uid);
        pool.pods[fact.uid].observe(fact, now);
    }
    std::erase_if(pool.pods, [&seen](const auto& entry) { return !seen.contains(entry.first); });
    std::erase_if(pool.targets, [&seen](const auto& entry) { return !seen.contains(entry.first); });
}

void ServerLedger::update(
    const std::string& pool, const Claim& claim, const std::vector<PodFact>& pods, const Deployed& deployed, TimePoint now
) {
    Pool& entry = pools_[pool];
    entry.retired = false;
    entry.claim = claim;
    observe_pods(entry, pods, now);
    // What stands in the cluster is allowed already: its pods may appear whatever is decided here.
    entry.allowed = std::min(std::max(entry.allowed, bounded(deployed.replicas)), bounded(claim.replicas));
    entry.remember_allowed(now);
    entry.replacing = bounded(deployed.replacing);
    const std::int64_t to_roll = bounded(deployed.to_roll);
    entry.may_roll = entry.may_roll && to_roll > 0 && to_roll <= entry.to_roll;  // what was kept free was for so many
    entry.to_roll = to_roll;
}

void ServerLedger::retire(const std::string& pool, const std::vector<PodFact>& pods, TimePoint now) {
    if (!pools_.contains(pool) && pods.empty()) {
        return;
    }
    Pool& entry = pools_[pool];
    entry.retired = true;
    entry.allowed = 0;
    observe_pods(entry, pods, now);
}

void ServerLedger::take_over(const std::string& pool, ServerLedger& from) {
    auto node = from.pools_.extract(pool);
    if (node) {
        pools_.erase(pool);
        pools_.insert(std::move(node));
    }
}

std::int64_t ServerLedger::announced() const {
    std::int64_t sum = 0;
    for (const auto& [name, pool] : pools_) {
        sum += pool.announced();
    }
    return sum;
}

std::int64_t ServerLedger::unannounced() const {
    std::int64_t pods = 0;
    for (const auto& [name, pool] : pools_) {
        pods += pool.retired ? 0 : pool.allowed;
    }
    const std::int64_t part = std::max<std::int64_t>(available_.value_or(0) * kUnannouncedPercent / 100, 1);
    return std::min((pods + 1) * kFloor, part);
}

std::int64_t ServerLedger::standby() const {
    if (!available_) {
        return announced();
    }
    // Replacements of pods that are gone already are announced ones: what was kept for them is what they take.
    return std::max(unannounced(), announced() + kFloor);
}

std::int64_t ServerLedger::charged() const {
    std::int64_t sum = 0;
    for (const auto& [name, pool] : pools_) {
        for (const auto& [uid, pod] : pool.pods) {
            sum += pod.charge();
        }
    }
    return sum;
}

std::int64_t ServerLedger::open() const {
    std::int64_t sum = 0;
    for (const auto& [name, pool] : pools_) {
        for (const auto& [uid, pod] : pool.pods) {
            sum += pod.open();
        }
    }
    return sum;
}

std::int64_t ServerLedger::free() const { return available_.value_or(0) - standby() - charged(); }

void ServerLedger::lower() {
    for (auto& [name, pool] : pools_) {
        for (auto& [uid, pod] : pool.pods) {
            const auto target = pool.targets.find(uid);
            if (target == pool.targets.end() || target->second >= pod.share()) {
                continue;
            }
            // A value that proves nothing now is stepped over: one less does as well.
            for (std::int64_t share = target->second; share >= std::max(kFloor, target->second - 1); --share) {
                if (pod.may_have(share)) {
                    pod.give(share);
                    pool.changed = true;
                    break;
                }
            }
        }
    }
}

void ServerLedger::allow_pods() {
    const std::int64_t charged_by_pods = charged();
    const auto fits = [&] { return !available_ || charged_by_pods + standby() <= *available_; };
    // Round by round, so that one pool's many do not keep another from its first.
    for (bool more = true; more;) {
        more = false;
        for (auto& [name, pool] : pools_) {
            if (pool.retired || pool.allowed >= bounded(pool.claim.replicas)) {
                continue;
            }
            ++pool.allowed;
            if (fits()) {
                pool.changed = more = true;
            } else {
                --pool.allowed;
            }
        }
    }
    for (auto& [name, pool] : pools_) {
        if (!pool.retired && pool.to_roll > 0 && !pool.may_roll) {
            pool.changed = pool.may_roll = true;
            // Where all floors at once would take too much of the server, the roll-out runs on what stands by.
            const bool large = available_ && pool.to_roll * kFloor * kLargestRoll > *available_;
            if (!fits() && !(large && in_reserve() + pool.to_roll * kFloor >= unannounced())) {
                pool.changed = pool.may_roll = false;
            }
        }
    }
}

void ServerLedger::raise() {
    struct Candidate {
        Pool* pool;
        Holding* pod;
        std::int64_t target;
    };
    std::vector<Candidate> candidates;
    for (auto& [name, pool] : pools_) {
        for (auto& [uid, pod] : pool.pods) {
            const auto target = pool.targets.find(uid);
            if (target != pool.targets.end() && pod.serves() && target->second > pod.share()) {
                candidates.push_back({&pool, &pod, target->second});
            }
        }
    }
    // Who has the smallest part of its target comes first.
    std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.pod->share() * b.target < b.pod->share() * a.target;
    });
    std::int64_t left = std::max<std::int64_t>(free(), 0);
    for (const Candidate& candidate : candidates) {
        Holding& pod = *candidate.pod;
        // Back up to what it may be using anyway costs nothing.
        std::int64_t share = std::min(candidate.target, pod.charge() + left);
        const std::int64_t gap = candidate.target - pod.share();
        const bool worth_a_write = (share - pod.share()) * 2 >= gap || pod.share() == kFloor;
        while (share > pod.share() && !pod.may_have(share)) {
            --share;
        }
        if (share <= pod.share() || !worth_a_write) {
            continue;
        }
        const std::int64_t before = pod.charge();
        pod.give(share);
        left -= pod.charge() - before;
        candidate.pool->changed = true;
    }
}

std::vector<std::string> ServerLedger::decide(TimePoint now) {
    set_targets(now);
    lower();
    allow_pods();
    if (available_ && now >= quiet_until_) {
        raise();
    }
    std::erase_if(pools_, [now](const auto& entry) {
        const Pool& pool = entry.second;
        return pool.retired && pool.pods.empty() && (pool.may_come == 0 || now >= pool.may_come_until);
    });
    std::vector<std::string> changed;
    for (auto& [name, pool] : pools_) {
        pool.remember_allowed(now);
        if (std::exchange(pool.changed, false)) {
            changed.push_back(name);
        }
    }
    return changed;
}

PoolView ServerLedger::view(const std::string& name) const {
    PoolView view;
    const auto at = pools_.find(name);
    if (at == pools_.end()) {
        return view;
    }
    const Pool& pool = at->second;
    view.replicas = pool.allowed;
    view.may_roll = pool.may_roll;
    view.per_pod_wanted = pool.per_pod_wanted();
    view.limited_by = pool.limited_by;
    view.charged = pool.announced();
    view.settled = pool.unmet() == 0;
    if (view.limited_by == LimitedBy::kNothing && pool.allowed < bounded(pool.claim.replicas)) {
        view.limited_by = LimitedBy::kServerBudget;
    }
    for (const auto& [uid, pod] : pool.pods) {
        view.charged += pod.charge();
        view.open += pod.open();
        if (pod.ending()) {
            continue;
        }
        view.pods[uid] = {pod.share(), pod.may_use()};
        view.granted += pod.share();
        const auto target = pool.targets.find(uid);
        const bool waits = target != pool.targets.end() && pod.serves() && pod.share() < target->second;
        view.settled = view.settled && pod.confirmed() && !waits;
        if (waits && view.limited_by == LimitedBy::kNothing) {
            view.limited_by = LimitedBy::kWaitingForOthers;
        }
    }
    return view;
}

std::vector<std::string> ServerLedger::pools() const {
    std::vector<std::string> names;
    for (const auto& [name, pool] : pools_) {
        names.push_back(name);
    }
    return names;
}

std::optional<TimePoint> ServerLedger::decide_again_at(TimePoint now) const {
    std::optional<TimePoint> at = now < quiet_until_ ? std::optional(quiet_until_) : std::nullopt;
    for (const auto& [name, pool] : pools_) {
        if (pool.may_come > pool.allowed) {
            at = std::min(at.value_or(pool.may_come_until), pool.may_come_until);
        }
    }
    return at;
}

}  // namespace cenote::budget
