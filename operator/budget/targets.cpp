// The targets of a ServerLedger: what every pod gets once everybody has followed.
#include "operator/budget/fair_share.hpp"
#include "operator/budget/server_ledger.hpp"

#include <algorithm>
#include <numeric>

namespace cenote::budget {
namespace {

std::int64_t sum_of(const std::vector<std::int64_t>& values) { return std::accumulate(values.begin(), values.end(), std::int64_t{0}); }

/// Adds to each share what fair_share gives of `left` towards `most`.
void add_fairly(std::vector<std::int64_t>& shares, std::int64_t left, const std::vector<std::int64_t>& most) {
    std::vector<Ask> asks;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        asks.push_back({shares[i], std::max(shares[i], most[i])});
    }
    if (left > 0) {
        shares = fair_share(sum_of(shares) + left, asks);
    }
}

}  // namespace

void ServerLedger::set_targets(TimePoint now) {
    std::vector<Pool*> pools;
    std::vector<Ask> asks;
    std::vector<std::int64_t> in_use;   // what a pool asks for while it lies fallow
    std::vector<std::int64_t> by_rule;  // what its demand asks for
    std::vector<std::int64_t> rolling;  // and what more pods than replicas could use, where there is plenty
    std::int64_t for_others = 0;
    for (auto& [name, pool] : pools_) {
        pool.targets.clear();
        if (pool.retired) {
            for_others += std::accumulate(pool.pods.begin(), pool.pods.end(), std::int64_t{0}, [](std::int64_t sum, const auto& entry) {
                return sum + entry.second.charge();
            });
            continue;
        }
        std::int64_t serving = 0;
        std::int64_t open = 0;
        bool fallow = pool.live() > 0;
        for (const auto& [uid, pod] : pool.pods) {
            if (!pod.ending()) {
                serving += pod.serves() ? 1 : 0;
                open += pod.open();
                fallow = fallow && pod.idle(now);
            }
        }
        const std::int64_t fixed = pool.fixed();
        const std::int64_t live = pool.live();
        const std::int64_t least = live * kFloor + fixed;
        const std::int64_t cap = std::max(least, pool.claim.max_server_connections.value_or(least + 1'000'000));
        const std::int64_t each = pool.per_pod_wanted();
        const std::int64_t full = each * serving + (live - serving) * kFloor;
        const std::int64_t demanded = std::min(full, std::max<std::int64_t>(each * std::max<std::int64_t>(pool.claim.replicas, 1), least));
        by_rule.push_back(std::clamp(demanded, least, cap));
        rolling.push_back(std::clamp(full + fixed, by_rule.back(), cap));
        in_use.push_back(fallow ? std::clamp(open * 2 + live, least, by_rule.back()) : by_rule.back());
        asks.push_back({least, in_use.back()});
        pools.push_back(&pool);
    }
    if (!available_) {
        // Nothing grows, whatever is asked; a demand that falls is followed.
        for (std::size_t i = 0; i < pools.size(); ++i) {
            spread(*pools[i], by_rule[i], now);
            pools[i]->limited_by = LimitedBy::kServerUnknown;
        }
        return;
    }
    // Floors of pods that are wanted and not there yet are made room for, also of those that may not run yet.
    std::int64_t wanted = 0;
    for (const Pool* pool : pools) {
        wanted += pool->unmet();
    }
    const std::int64_t room = std::max<std::int64_t>(*available_ - standby() - wanted - for_others, 0);
    std::vector<std::int64_t> shares = fair_share(room, asks);
    add_fairly(shares, room - sum_of(shares), by_rule);
    add_fairly(shares, room - sum_of(shares), rolling);
    for (std::size_t i = 0; i < pools.size(); ++i) {
        Pool& pool = *pools[i];
        const bool capped = pool.claim.max_server_connections && shares[i] >= *pool.claim.max_server_connections;
        const std::int64_t wish = pool.per_pod_wanted() * std::max(pool.live(), pool.claim.replicas);
        const bool short_of_it = shares[i] - pool.fixed() < std::min(wish, pool.per_pod_wanted() * pool.live());
        pool.limited_by = capped && shares[i] < wish              ? LimitedBy::kMaxServerConnections
                          : short_of_it && shares[i] < by_rule[i] ? LimitedBy::kServerBudget
                                                                  : LimitedBy::kNothing;
        spread(pool, shares[i], now);
    }
}

/// A pool's budget over its pods: evenly, save that pods which do not serve yet have their floor, and that of a pod whose part lies fallow
/// half goes to those that used all of theirs.
void ServerLedger::spread(Pool& pool, std::int64_t budget, TimePoint now) {
    std::vector<std::pair<std::string, const Holding*>> serving;
    std::int64_t left = budget - pool.fixed();
    for (const auto& [uid, pod] : pool.pods) {
        if (pod.ending()) {
            continue;
        }
        if (pod.serves()) {
            serving.emplace_back(uid, &pod);
        } else {
            pool.targets[uid] = kFloor;
            left -= kFloor;
        }
    }
    if (serving.empty()) {
        return;
    }
    const auto count = static_cast<std::int64_t>(serving.size());
    const std::int64_t even = std::max(left / count, kFloor);
    std::int64_t odd = std::max<std::int64_t>(left - even * count, 0);
    std::int64_t lent = 0;
    std::vector<std::string> hungry;
    for (const auto& [uid, pod] : serving) {
        std::int64_t target = even + (odd > 0 ? 1 : 0);
        odd -= odd > 0 ? 1 : 0;
        if (pod->idle(now)) {
            const std::int64_t kept = std::clamp(std::max(pod->open() * 2 + 1, (target + 1) / 2), kFloor, target);
            lent += target - kept;
            pool.targets[uid] = kept;
        } else {
            pool.targets[uid] = target;
            if (pod->hungry(now)) {
                hungry.push_back(uid);
            }
        }
    }
    if (hungry.empty() && lent > 0) {
        // Nobody has use for it: as it was.
        odd = std::max<std::int64_t>(left - even * count, 0);
        for (const auto& [uid, pod] : serving) {
            pool.targets[uid] = even + (odd > 0 ? 1 : 0);
            odd -= odd > 0 ? 1 : 0;
        }
        return;
    }
    for (std::size_t i = 0; i < hungry.size(); ++i) {
        const auto users = static_cast<std::int64_t>(hungry.size() - i);
        const std::int64_t part = lent / users;
        pool.targets[hungry[i]] += part;
        lent -= part;
    }
}

}  // namespace cenote::budget
