#include "controller.hpp"

#include <algorithm>
#include <utility>

namespace cenote::budget::simulation {
namespace {

TimePoint point(Millis at) { return TimePoint{} + std::chrono::hours(1) + std::chrono::milliseconds(at); }

}  // namespace

Controller::Controller(World& world, Millis quiet) : world_(world), lag_(world.between(0, 1'000)) {
    ledger_.no_growth_before(point(world.now() + quiet));
    world_.say("an operator begins to lead");
}

void Controller::die() {
    for (auto& [at, what] : on_the_wire_) {
        at = std::min(at + world_.between(0, 5'000), world_.now() + 5'000);
    }
    world_.say("the operator is gone");
}

void Controller::deliver() {
    for (auto& [at, what] : on_the_wire_) {
        if (at <= world_.now() && what) {
            std::exchange(what, nullptr)();
        }
    }
    std::erase_if(on_the_wire_, [](const auto& write) { return !write.second; });
}

std::int64_t Controller::unseen() const {
    return std::count_if(world_.pods.begin(), world_.pods.end(), [this](const auto& entry) { return !known_.contains(entry.first); });
}

void Controller::ask(const Snapshot& snapshot) {
    for (const Pod& pod : snapshot.pods) {
        auto& answers = answers_[pod.uid];
        while (!answers.empty() && answers.front().at <= world_.now()) {
            last_[pod.uid] = answers.front().said;
            answers.pop_front();
        }
        if (answers.empty() && world_.chance(0.7)) {
            answers.push_back({world_.now() + world_.between(0, 600), world_.ask(pod.uid)});
        }
    }
}

std::vector<PodFact> Controller::facts(const Snapshot& snapshot, const std::string& pool) {
    std::vector<PodFact> out;
    for (const Pod& pod : snapshot.pods) {
        if (pod.pool != pool) {
            continue;
        }
        known_.insert(pod.uid);
        PodFact fact{
            .uid = pod.uid,
            .ending = pod.ends.has_value(),
            .serves = snapshot.at >= pod.ready,
            .written = pod.written,
            .may_use = pod.may_use,
            .report = {}
        };
        if (const auto& said = last_[pod.uid]) {
            fact.report = Report{said->first, said->second};
        }
        out.push_back(std::move(fact));
    }
    return out;
}

void Controller::step() {
    if (world_.chance(0.05)) {
        lag_ = world_.between(0, 1'500);  // a slow watch, or a relist
    }
    const Snapshot* snapshot = &world_.seen(lag_);
    if (snapshot->at < seen_at_) {
        snapshot = &world_.seen(world_.now() - seen_at_);  // a watch does not go back
    }
    seen_at_ = snapshot->at;
    if (world_.answers()) {
        world_.told = world_.available;
    }
    ledger_.set_available(world_.told);
    ask(*snapshot);
    for (const std::string& name : ledger_.pools()) {
        if (!snapshot->pools.contains(name)) {
            ledger_.retire(name, facts(*snapshot, name), point(world_.now()));
        }
    }
    for (const Pod& pod : snapshot->pods) {
        if (!snapshot->pools.contains(pod.pool) && !ledger_.knows(pod.pool)) {
            ledger_.retire(pod.pool, facts(*snapshot, pod.pool), point(world_.now()));
        }
    }
    // Each pool has its own turn, and not always: decisions for the others are made all the same. But the first comes when all are known.
    const bool first = std::exchange(first_, false);
    for (const auto& [name, pool] : snapshot->pools) {
        if (first || world_.chance(0.8)) {
            Deployed deployed{.replicas = pool.deployed, .replacing = 0, .to_roll = 0};
            for (const Pod& pod : snapshot->pods) {
                const bool live = pod.pool == name && !pod.ends;
                deployed.replacing += live && pod.template_version != pool.template_version ? 1 : 0;
                deployed.to_roll += live && pool.template_version != pool.template_wanted ? 1 : 0;
            }
            ledger_.update(name, {pool.demand, pool.replicas, std::nullopt}, facts(*snapshot, name), deployed, point(world_.now()));
            if (!first) {
                static_cast<void>(ledger_.decide(point(world_.now())));
            }
        }
    }
    static_cast<void>(ledger_.decide(point(world_.now())));
    write(*snapshot);
}

void Controller::write(const Snapshot& snapshot) {
    const auto send = [this](std::function<void()> what) {
        on_the_wire_.emplace_back(world_.now() + (world_.chance(0.9) ? 0 : world_.between(0, 1'000)), std::move(what));
    };
    for (const auto& [name, pool] : snapshot.pools) {
        if (!ledger_.knows(name) || world_.chance(0.2)) {
            continue;
        }
        const PoolView view = ledger_.view(name);
        const int version = view.may_roll ? pool.template_wanted : pool.template_version;
        if (view.replicas != pool.deployed || version != pool.template_version) {
            send([this, name = name, replicas = view.replicas, version] { world_.write_deployment(name, replicas, version); });
        }
        for (const Pod& pod : snapshot.pods) {
            const auto share = view.pods.find(pod.uid);
            if (share != view.pods.end() && share->second.share != std::max(pod.written, kFloor)) {
                send([this, pod, decided = share->second] { world_.write_share(pod.uid, pod.version, decided.share, decided.may_use); });
            }
        }
    }
    deliver();
}

}  // namespace cenote::budget::simulation
