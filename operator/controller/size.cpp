#include "operator/controller/size.hpp"

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cenote::controller {
namespace {

// The Deployment's strategy (operator/specs): one pod more while it rolls.
constexpr std::int64_t kSurge = 1;

std::string ini_of(const Observed& observed) {
    return observed.config_map ? kube::string_or(*observed.config_map, fmt::format("/data/{}", api::kIniKey)) : std::string{};
}

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
        roles.insert(observed.credentials.data->at(std::string(api::kUsernameKey)));
    }
    if (observed.users.data) {
        roles.merge(names_in(observed.users.data->at(std::string(api::kUserlistKey))));
    }
    return roles;
}

/// Every pod answers and runs what the ConfigMap of now says.
bool all_run_the_live_configuration(const Observed& observed, const std::string& ini) {
    const std::string hash = specs::sha256_hex(ini);
    return std::all_of(observed.pods.begin(), observed.pods.end(), [&hash](const PodState& pod) {
        return pod.report && pod.report->config_hash == hash;
    });
}

}  // namespace

database::Target target_of(const Observed& observed) {
    const api::DatabaseRef& database = observed.pool.spec.database;
    database::Target target;
    target.host = database.host;
    target.port = database.port;
    target.user = observed.credentials.data->at(std::string(api::kUsernameKey));
    target.password = observed.credentials.data->at(std::string(api::kPasswordKey));
    target.dbname = database.name.empty() ? target.user : database.name;
    target.tls = database.tls.mode == api::TlsMode::kDisable ? database::TlsMode::kDisable : database::TlsMode::kPrefer;
    return target;
}

std::optional<std::int64_t> live_per_pod(const Observed& observed) {
    const std::string ini = ini_of(observed);
    constexpr std::string_view kName = "\nmax_db_connections";
    const auto at = ini.find(kName);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const auto first = ini.find_first_not_of(" =", at + kName.size());
    std::int64_t value = 0;
    if (first == std::string::npos || std::from_chars(ini.data() + first, ini.data() + ini.size(), value).ec != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

sizing::Stabiliser::Decision Sizer::steady(const Observed& observed, const Demand& demand, TimePoint now) {
    const api::Status& status = observed.pool.status;
    const bool runs = observed.deployment != nullptr && status.sizing.has_value();
    const auto in_use = runs ? std::optional(status.sizing->demand) : std::nullopt;
    if (demand.is_unknown()) {
        return {in_use.value_or(observed.pool.spec.sizing.min_pool_size), std::nullopt};
    }
    const bool edited = status.observed_generation != observed.pool.generation;
    const std::scoped_lock lock(mutex_);
    return stabilisers_.try_emplace(observed.name(), policy_).first->second.decide(demand.by_rule.demand, in_use, edited, now);
}

Account Sizer::account_of(const Observed& observed, std::int64_t wanted) const {
    const api::Spec& spec = observed.pool.spec;
    Account account;
    account.server = server_key(target_of(observed));
    account.roles = roles_of(observed);
    account.pods = static_cast<std::int64_t>(observed.pods.size());
    account.claim.demand = std::max<std::int64_t>(wanted, 1);
    account.claim.replicas = std::max(spec.replicas, 1);
    account.claim.surge = kSurge;
    account.claim.terminating = std::count_if(observed.pods.begin(), observed.pods.end(), [](const PodState& pod) { return pod.ending; });
    if (spec.sizing.max_server_connections) {
        account.claim.max_server_connections = *spec.sizing.max_server_connections;
    }
    account.claim.reserve_for_direct = spec.sizing.reserve_for_direct;
    if (!observed.pods.empty()) {
        account.claim.held_per_pod = live_per_pod(observed).value_or(0);
        account.converged = all_run_the_live_configuration(observed, ini_of(observed));
    }
    return account;
}

SizeDecision Sizer::size(const Observed& observed, const ServerReading& server, TimePoint now) {
    SizeDecision decision;
    Sized& sized = decision.sized;
    sized.demand = measure_demand(observed);
    const auto steady_demand = steady(observed, sized.demand, now);
    sized.wanted = steady_demand.demand;
    decision.look_again_in = steady_demand.look_again_in;

    const api::UpdateMode mode = observed.pool.spec.sizing.update_mode;
    const auto live = live_per_pod(observed);
    const bool hold = mode != api::UpdateMode::kAuto && live.has_value();
    const std::int64_t claimed = hold ? *live * std::max(observed.pool.spec.replicas, 1) : sized.wanted;
    Settlement settlement = budget_.settle(observed.name(), account_of(observed, claimed), server.capacity);
    sized.grant = std::move(settlement.grant);
    sized.available = settlement.available;
    sized.others = settlement.others;
    sized.per_pod = sized.grant.per_pod;
    if (hold) {
        sized.held_by = fmt::format("updateMode {} holds the size", api::to_string(mode));
    }
    decision.to_wake = std::move(settlement.to_wake);
    return decision;
}

void Sizer::introduce(const runtime::ObjectStore& pools) {
    for (const auto& object : pools.list()) {
        const auto pool = api::parse_connection_pool(*object);
        if (!pool || !pool->status.sizing) {
            continue;
        }
        Account account;
        database::Target target;
        target.host = pool->spec.database.host;
        target.port = pool->spec.database.port;
        account.server = server_key(target);
        account.claim.demand = std::max<std::int64_t>(pool->status.sizing->demand, 1);
        account.claim.replicas = std::max(pool->spec.replicas, 1);
        account.claim.surge = kSurge;
        account.claim.reserve_for_direct = pool->spec.sizing.reserve_for_direct;
        if (pool->spec.sizing.max_server_connections) {
            account.claim.max_server_connections = *pool->spec.sizing.max_server_connections;
        }
        account.claim.held_per_pod = pool->status.replicas > 0 ? pool->status.sizing->per_pod : 0;
        account.pods = pool->status.replicas;
        account.last_per_pod = pool->status.sizing->per_pod;
        budget_.introduce({pool->namespace_, pool->name}, account);
    }
}

std::vector<kube::ObjectName> Sizer::forget(const kube::ObjectName& pool) {
    {
        const std::scoped_lock lock(mutex_);
        stabilisers_.erase(pool);
    }
    return budget_.forget(pool);
}

}  // namespace cenote::controller
