#include "world.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::budget::simulation {
namespace {

constexpr Millis kRemembered = 5'000;
constexpr std::size_t kToldLines = 400;

}  // namespace

World::World(std::uint64_t seed) : random(seed) { history_.push_back({}); }

void World::say(const std::string& what) {
    story_.push_back(fmt::format("{:>7.1f} s  {}", static_cast<double>(now_) / 1000, what));
    if (story_.size() > kToldLines) {
        story_.pop_front();
    }
}

std::string World::story() const {
    std::string text;
    for (const std::string& line : story_) {
        text += line + "\n";
    }
    for (const auto& [uid, pod] : pods) {
        text += fmt::format(
            "{}: {}{} open, limit {}, {} written (may use {})\n", uid,
            pod.ends            ? "ending, "
            : now_ < pod.starts ? "starting, "
                                : "",
            pod.open, pod.file, pod.written, pod.may_use
        );
    }
    return text;
}

std::int64_t World::open() const {
    std::int64_t sum = 0;
    for (const auto& [uid, pod] : pods) {
        sum += pod.open;
    }
    return sum;
}

std::int64_t World::granted() const {
    std::int64_t sum = 0;
    for (const auto& [uid, pod] : pods) {
        sum += pod.ends || now_ < pod.starts ? 0 : pod.file;
    }
    return sum;
}

std::int64_t World::wanted() const {
    std::int64_t sum = 0;
    for (const auto& [name, pool] : pools) {
        sum += pool.exists ? pool.demand : 0;
    }
    return sum;
}

const Snapshot& World::seen(Millis lag) const {
    const auto later = std::find_if(history_.begin(), history_.end(), [&](const Snapshot& one) { return one.at > now_ - lag; });
    return later == history_.begin() ? history_.front() : *std::prev(later);
}

std::optional<std::pair<std::int64_t, std::int64_t>> World::ask(const std::string& uid) const {
    const auto pod = pods.find(uid);
    if (pod == pods.end() || now_ < pod->second.starts || now_ < pod->second.down_until || now_ < pod->second.silent_until) {
        return std::nullopt;
    }
    return std::pair(pod->second.file, pod->second.open);
}

void World::write_share(const std::string& uid, std::int64_t version, std::int64_t share, std::int64_t may_use) {
    const auto at = pods.find(uid);
    if (at == pods.end() || at->second.version != version) {
        return;  // 404, 409
    }
    Pod& pod = at->second;
    ++pod.version;
    pod.written = share;
    pod.may_use = may_use;
    // The kubelet brings versions in their order.
    const Millis earliest = pod.on_its_way.empty() ? now_ : pod.on_its_way.back().first;
    pod.on_its_way.emplace_back(
        std::max(earliest, now_ + (!calm && chance(slow_kubelets) ? between(5'000, 70'000) : between(100, 1'500))), share
    );
    say(fmt::format("{}: share {} is written", uid, share));
}

void World::write_deployment(const std::string& name, std::int64_t replicas, int template_version) {
    const auto pool = pools.find(name);
    if (pool == pools.end() || !pool->second.exists) {
        return;
    }
    if (pool->second.deployed != replicas) {
        say(fmt::format("{}: {} replicas may run", name, replicas));
    }
    if (pool->second.template_version < template_version) {
        say(fmt::format("{} rolls", name));
        pool->second.template_version = template_version;
    }
    pool->second.deployed = replicas;
}

void World::evict(const std::string& uid) {
    Pod& pod = pods.at(uid);
    pod.ends = now_ + (chance(0.3) ? between(10'000, 60'000) : between(500, 6'000));
    say(fmt::format("{} ends, with {} open", uid, pod.open));
}

void World::make_pod(const std::string& pool, int template_version) {
    Pod pod;
    pod.uid = fmt::format("{}-{}", pool, ++made_);
    pod.pool = pool;
    pod.template_version = template_version;
    pod.created = now_;
    pod.starts = now_ + (chance(0.1) ? between(2'000, 20'000) : between(500, 2'000));
    pod.ready = pod.starts + between(200, 2'000);
    say(fmt::format("{} appears", pod.uid));
    pods[pod.uid] = pod;
}

void World::run_deployments() {
    for (auto& [name, pool] : pools) {
        std::vector<std::string> live;
        std::vector<std::string> old;
        bool all_ready = true;
        for (const auto& [uid, pod] : pods) {
            if (pod.pool == name && !pod.ends) {
                live.push_back(uid);
                all_ready = all_ready && now_ >= pod.ready;
                if (pod.template_version != pool.template_version) {
                    old.push_back(uid);
                }
            }
        }
        if (!pool.exists) {
            // The garbage collector.
            if (now_ - pool.gone_since > 1'000) {
                for (const std::string& uid : live) {
                    evict(uid);
                }
            }
            continue;
        }
        const auto count = static_cast<std::int64_t>(live.size());
        const bool rolls = !old.empty();
        if (count < pool.deployed) {
            make_pod(name, pool.template_version);
        } else if (count > pool.deployed && (old.empty() || all_ready || count > pool.deployed + 1)) {
            evict(old.empty() ? live[static_cast<std::size_t>(between(0, count - 1))] : old.front());
        } else if (rolls && count == pool.deployed && all_ready) {
            make_pod(name, pool.template_version);  // the surge
        }
    }
}

void World::run_pod(Pod& pod) {
    while (!pod.on_its_way.empty() && pod.on_its_way.front().first <= now_) {
        pod.file = pod.on_its_way.front().second;
        pod.on_its_way.pop_front();
    }
    if (now_ < pod.starts || now_ < pod.down_until) {
        pod.open = 0;
        return;
    }
    if (pod.open > pod.file || pod.open > pod.wish) {
        // Transactions end when they end.
        pod.open -= chance(0.3) ? between(1, pod.open - std::min(pod.file, pod.wish)) : 0;
    } else {
        pod.open = std::max(pod.open, std::min(pod.file, pod.wish));
    }
}

void World::tick() {
    now_ += kTick;
    run_deployments();
    for (auto& [uid, pod] : pods) {
        run_pod(pod);
    }
    std::erase_if(pods, [this](const auto& entry) { return entry.second.ends && now_ >= *entry.second.ends; });
    Snapshot snapshot{now_, pools, {}};
    std::erase_if(snapshot.pools, [](const auto& entry) { return !entry.second.exists; });
    for (const auto& [uid, pod] : pods) {
        snapshot.pods.push_back(pod);
    }
    history_.push_back(std::move(snapshot));
    while (history_.size() > 2 && history_[1].at < now_ - kRemembered) {
        history_.pop_front();
    }
}

}  // namespace cenote::budget::simulation
