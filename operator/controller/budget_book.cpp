#include "operator/controller/budget_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cenote::controller {
namespace {

kube::ObjectName name_in(const std::string& text) {
    const auto slash = text.find('/');
    return slash == std::string::npos ? kube::ObjectName{"", text} : kube::ObjectName{text.substr(0, slash), text.substr(slash + 1)};
}

std::int64_t reserve_of(const std::map<std::string, std::int64_t>& reserves) {
    std::int64_t most = 0;
    for (const auto& [pool, reserve] : reserves) {
        most = std::max(most, reserve);
    }
    return most;
}

}  // namespace

void BudgetBook::begin(TimePoint quiet_until) {
    const std::scoped_lock lock(mutex_);
    quiet_until_ = quiet_until;
}

BudgetBook::Server& BudgetBook::server(const std::string& key) {
    const auto [at, fresh] = servers_.try_emplace(key);
    if (fresh) {
        at->second.ledger.no_growth_before(quiet_until_);
    }
    return at->second;
}

std::string BudgetBook::key_for(const kube::ObjectName& pool, const Part& part) const {
    return part.proved ? aliases_.canonical(part.server) : fmt::format("{} unproved {}", part.server, pool.to_string());
}

void BudgetBook::enter(const kube::ObjectName& pool, const Part& part, TimePoint now) {
    const std::string key = key_for(pool, part);
    const std::string id = pool.to_string();
    const auto [entry, fresh] = homes_.try_emplace(pool, Home{part.server, key, "", {}});
    Home& home = entry->second;
    if (!fresh && home.server != key) {
        Server& old = server(home.server);
        old.reserves.erase(id);
        old.roles.erase(id);
        if (home.name == part.server) {
            old.ledger.retire(id, {}, now);  // proved by now, and before that it could hold nothing
        } else {
            home.leaving.insert(home.server);
        }
        home = {part.server, key, "", std::move(home.leaving)};
    }
    home.leaving.erase(key);
    std::vector<budget::PodFact> staying = part.pods;
    std::erase_if(staying, [&part](const budget::PodFact& pod) { return part.moved.contains(pod.uid); });
    std::erase_if(home.leaving, [&](const std::string& left) {
        budget::ServerLedger& ledger = server(left).ledger;
        ledger.retire(id, staying, now);
        static_cast<void>(ledger.decide(now));
        return !ledger.knows(id);
    });
    Server& at = server(key);
    at.ledger.update(id, part.claim, part.pods, part.deployed, now);
    at.reserves[id] = part.reserve;
    at.roles[id] = part.roles;
}

/// Pools whose servers have turned out to be one are charged to one ledger.
void BudgetBook::unite(TimePoint now) {
    for (auto& [pool, home] : homes_) {
        const std::string key = aliases_.canonical(home.name);
        if (home.server == key || home.server.find(" unproved ") != std::string::npos) {
            continue;
        }
        const std::string id = pool.to_string();
        Server& from = server(home.server);
        Server& to = server(key);
        to.ledger.take_over(id, from.ledger);
        to.reserves[id] = from.reserves[id];
        to.roles[id] = from.roles[id];
        from.reserves.erase(id);
        from.roles.erase(id);
        if (!to.capacity && from.capacity) {
            to.capacity = from.capacity;
            set_available(to, now);
        }
        home.server = key;
    }
}

void BudgetBook::set_available(Server& server, TimePoint now) {
    if (!server.capacity) {
        server.ledger.set_available(server.remembered);
        return;
    }
    const database::Capacity& capacity = *server.capacity;
    std::set<std::string> roles;
    for (const auto& [pool, names] : server.roles) {
        roles.insert(names.begin(), names.end());
    }
    const std::int64_t reserve = reserve_of(server.reserves);
    const std::int64_t ours = std::min<std::int64_t>(server.ledger.charged() + server.ledger.standby(), 1'000'000);
    server.others.seen(database::held_by_others(capacity, roles, static_cast<int>(ours)), reserve, now);
    const std::int64_t left = std::int64_t{capacity.max_connections} - capacity.superuser_reserved_connections -
                              capacity.reserved_connections - reserve - server.others.in_force();
    server.ledger.set_available(std::max<std::int64_t>(left, 0));
}

ServerView BudgetBook::view_of(const Server& server) const {
    ServerView view;
    view.known = server.ledger.available().has_value();
    view.available = server.ledger.available().value_or(0);
    view.reserve = reserve_of(server.reserves);
    view.others = server.others.in_force();
    view.charged = server.ledger.charged();
    view.pools = server.ledger.pools().size();
    if (server.capacity) {
        view.max_connections = server.capacity->max_connections;
        view.reserved = server.capacity->superuser_reserved_connections + server.capacity->reserved_connections;
    }
    return view;
}

void BudgetBook::introduce(const kube::ObjectName& pool, const Part& part, std::optional<std::int64_t> available, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    enter(pool, part, now);
    Server& at = server(homes_.at(pool).server);
    if (available && part.proved) {
        at.remembered = std::min(at.remembered.value_or(*available), *available);
        at.ledger.set_available(at.remembered);
    }
}

void BudgetBook::introduce_gone(
    const kube::ObjectName& pool, const std::string& server_name, const std::vector<budget::PodFact>& pods, TimePoint now
) {
    const std::scoped_lock lock(mutex_);
    homes_.try_emplace(pool, Home{server_name, server_name, "", {}});
    server(server_name).ledger.retire(pool.to_string(), pods, now);
}

Settlement BudgetBook::settle(
    const kube::ObjectName& pool, const Part& part, const std::optional<database::Capacity>& capacity, TimePoint now
) {
    const std::scoped_lock lock(mutex_);
    enter(pool, part, now);
    if (capacity && part.proved) {
        aliases_.seen(part.server, capacity->instance, now);
        Home& home = homes_.at(pool);
        if (std::exchange(home.instance, capacity->instance) != capacity->instance || aliases_.canonical(home.name) != home.server) {
            unite(now);
        }
        Server& answered = server(homes_.at(pool).server);
        answered.capacity = capacity;
        set_available(answered, now);
    }
    Server& at = server(homes_.at(pool).server);
    Settlement settlement;
    for (const std::string& changed : at.ledger.decide(now)) {
        if (const kube::ObjectName name = name_in(changed); name != pool) {
            settlement.to_wake.push_back(name);
        }
    }
    settlement.pool = at.ledger.view(pool.to_string());
    settlement.server = view_of(at);
    settlement.look_again_at = at.ledger.decide_again_at(now);
    return settlement;
}

std::vector<kube::ObjectName> BudgetBook::retire(const kube::ObjectName& pool, const std::vector<budget::PodFact>& pods, TimePoint now) {
    const std::scoped_lock lock(mutex_);
    std::vector<kube::ObjectName> to_wake;
    const auto home = homes_.find(pool);
    if (home == homes_.end()) {
        return to_wake;
    }
    Server& at = server(home->second.server);
    const std::string id = pool.to_string();
    at.ledger.retire(id, pods, now);
    at.reserves.erase(id);
    at.roles.erase(id);
    for (const std::string& changed : at.ledger.decide(now)) {
        if (const kube::ObjectName name = name_in(changed); name != pool) {
            to_wake.push_back(name);
        }
    }
    if (!at.ledger.knows(id)) {
        homes_.erase(home);
    }
    return to_wake;
}

}  // namespace cenote::controller
