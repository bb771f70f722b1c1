#include "operator/controller/size.hpp"

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

/// The names of a userlist: the first quoted text of each line.
std::set<std::string> names_in(const std::string& userlist) {
    std::set<std::string> names;
    std::string_view rest = userlist;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        const auto open = line.find('"');
        const auto close = open == std::string_view::npos ? open : line.find('"', open + 1);
        if (close != std::string_view::npos && line.find_first_not_of(" \t") == open) {
            names.emplace(line.substr(open + 1, close - open - 1));
        }
    }
    return names;
}

std::set<std::string> roles_of(const Observed& observed) {
    std::set<std::string> roles;
    if (observed.credentials.data) {
        if (const auto user = observed.credentials.data->find(std::string(api::kUsernameKey)); user != observed.credentials.data->end()) {
            roles.insert(user->second);
        }
    }
    if (observed.users.data) {
        if (const auto users = observed.users.data->find(std::string(api::kUserlistKey)); users != observed.users.data->end()) {
            roles.merge(names_in(users->second));
        }
    }
    return roles;
}

}  // namespace

database::Target target_of(const Observed& observed, bool names_have_namespaces) {
    const api::DatabaseRef& database = observed.pool.spec.database;
    database::Target target;
    target.host = database::qualified_hosts(database.host, names_have_namespaces ? observed.pool.namespace_ : "");
    target.port = database.port;
    if (observed.credentials.data) {
        const auto value = [&](std::string_view key) {
            const auto at = observed.credentials.data->find(std::string(key));
            return at == observed.credentials.data->end() ? std::string{} : at->second;
        };
        target.user = value(api::kUsernameKey);
        target.password = value(api::kPasswordKey);
    }
    target.dbname = database.name.empty() ? target.user : database.name;
    target.tls = database.tls.mode == api::TlsMode::kDisable ? database::TlsMode::kDisable : database::TlsMode::kPrefer;
    return target;
}

std::vector<budget::PodFact> facts_of(const std::vector<PodState>& pods) {
    std::vector<budget::PodFact> facts;
    for (const PodState& pod : pods) {
        budget::PodFact fact{
            .uid = pod.uid,
            .ending = pod.ending,
            .serves = pod.ready || pod.report.has_value(),
            .written = pod.share,
            .may_use = pod.may_use,
            .report = std::nullopt,
        };
        if (pod.report) {
            fact.report = budget::Report{pod.report->server_limit, pod.report->server_open};
        }
        facts.push_back(std::move(fact));
    }
    return facts;
}

sizing::Stabiliser::Decision Sizer::steady(const Observed& observed, const Demand& demand, TimePoint now) {
    const api::Status& status = observed.pool.status;
    const bool runs = observed.deployment != nullptr && status.sizing.has_value();
    const auto in_use = runs ? std::optional(status.sizing->demand) : std::nullopt;
    if (demand.is_unknown()) {
        return {in_use.value_or(observed.pool.spec.sizing.min_demand), std::nullopt};
    }
    const bool edited = status.observed_generation != observed.pool.generation;
    const std::scoped_lock lock(mutex_);
    return stabilisers_.try_emplace(observed.name(), options_.stabilisation)
        .first->second.decide(demand.by_rule.demand, in_use, edited, now);
}

Part Sizer::part_of(const Observed& observed, std::int64_t demand, bool proved) const {
    const api::Spec& spec = observed.pool.spec;
    const database::Target target = target_of(observed, options_.names_have_namespaces);
    Part part;
    part.server = database::server_key(target.host, target.port);
    if (!observed.spec_error.empty() && !observed.pods.empty()) {
        part.server = observed.pods.front().server;  // where they are, whatever the spec is trying to say
    }
    part.claim.demand = std::max<std::int64_t>(demand, 1);
    part.claim.replicas = spec.replicas;
    if (spec.sizing.max_server_connections) {
        part.claim.max_server_connections = *spec.sizing.max_server_connections;
    }
    part.pods = facts_of(observed.pods);
    part.deployed.replicas = observed.deployment ? kube::int_or(*observed.deployment, "/spec/replicas") : 0;
    part.deployed.replacing = observed.being_replaced();
    part.roles = roles_of(observed);
    part.reserve = spec.sizing.reserve_for_direct;
    part.proved = proved || std::any_of(observed.pods.begin(), observed.pods.end(), [](const PodState& pod) {
                      return pod.share > budget::kFloor || pod.may_use > budget::kFloor;
                  });
    const std::string ini = observed.config_map ? kube::string_or(*observed.config_map, fmt::format("/data/{}", api::kIniKey)) : "";
    const std::string hash = specs::sha256_hex(ini);
    for (const PodState& pod : observed.pods) {
        if (pod.report && pod.report->config_hash == hash) {
            part.moved.insert(pod.uid);
        }
    }
    return part;
}

SizeDecision Sizer::size(const Observed& observed, const ServerReading& server, std::int64_t to_roll, TimePoint now) {
    SizeDecision decision;
    Sized& sized = decision.sized;
    sized.demand = measure_demand(observed);
    const auto steady_demand = steady(observed, sized.demand, now);
    sized.wanted = steady_demand.demand;
    decision.look_again_in = steady_demand.look_again_in;

    // What is in force is the demand that the size was made for, not the size: a cut by the server is not for ever.
    const api::UpdateMode mode = observed.pool.spec.sizing.update_mode;
    const auto& before = observed.pool.status.sizing;
    const bool edited = observed.pool.status.observed_generation != observed.pool.generation;
    const bool hold =
        before && before->applied_demand > 0 && (mode == api::UpdateMode::kOff || (mode == api::UpdateMode::kInitial && !edited));
    sized.applied = hold ? before->applied_demand : mode == api::UpdateMode::kOff ? observed.pool.spec.sizing.min_demand : sized.wanted;
    if (sized.applied != sized.wanted) {
        sized.held_by = fmt::format("updateMode {} holds the size", api::to_string(mode));
    }
    Part part = part_of(observed, sized.applied, server.reachable());
    part.deployed.to_roll = to_roll;
    Settlement settlement = budget_.settle(observed.name(), part, server.capacity, now);
    sized.pool = std::move(settlement.pool);
    sized.server_key = part.server;
    sized.server = settlement.server;
    decision.to_wake = std::move(settlement.to_wake);
    if (settlement.look_again_at) {
        const Duration wait = *settlement.look_again_at - now;
        decision.look_again_in = std::min(decision.look_again_in.value_or(wait), wait);
    }
    return decision;
}

void Sizer::introduce_pool(const Observed& observed, TimePoint now) {
    const api::Status& status = observed.pool.status;
    const std::int64_t demand = status.sizing ? std::max(status.sizing->applied_demand, std::int64_t{1}) : 1;
    const auto available = status.database ? std::optional(status.database->available) : std::nullopt;
    budget_.introduce(observed.name(), part_of(observed, demand, status.database.has_value()), available, now);
}

void Sizer::introduce(const Observer& observer, TimePoint now) {
    budget_.begin(now + options_.quiet);
    for (const auto& object : observer.caches().pools->list()) {
        if (const auto observed = observer.observe(kube::object_name_of(*object))) {
            introduce_pool(*observed, now);
        }
    }
    for (const auto& pod : observer.caches().pods->list()) {
        const kube::ObjectName pool{kube::namespace_of(*pod), kube::label_of(*pod, api::kInstanceLabel).value_or("")};
        if (!pool.name.empty() && !observer.caches().pools->get(pool)) {
            const auto pods = observer.pods(pool);
            const auto at = std::find_if(pods.begin(), pods.end(), [](const PodState& one) { return !one.server.empty(); });
            if (at != pods.end()) {
                budget_.introduce_gone(pool, at->server, facts_of(pods), now);
            }
        }
    }
}

std::vector<kube::ObjectName> Sizer::forget(const kube::ObjectName& pool, const std::vector<PodState>& pods, TimePoint now) {
    {
        const std::scoped_lock lock(mutex_);
        stabilisers_.erase(pool);
    }
    return budget_.retire(pool, facts_of(pods), now);
}

}  // namespace cenote::controller
