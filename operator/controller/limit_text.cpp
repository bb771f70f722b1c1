#include "operator/controller/pool_status.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

std::string server_text(const ServerView& server) {
    return fmt::format(
        "max_connections {} - {} reserved - {} for direct use - {} held by others = {} for {} pool{}", server.max_connections,
        server.reserved, server.reserve, server.others, server.available, server.pools, server.pools == 1 ? "" : "s"
    );
}

}  // namespace

std::int64_t Sized::per_pod() const {
    std::int64_t most = pool.pods.empty() ? 0 : budget::kFloor;
    for (const auto& [uid, share] : pool.pods) {
        most = std::max(most, share.share);
    }
    return most;
}

api::LimitedBy limit_of(const Sized& sized) {
    if (!sized.held_by.empty()) {
        return api::LimitedBy::kUpdateMode;
    }
    switch (sized.pool.limited_by) {
        case budget::LimitedBy::kServerBudget:
            return api::LimitedBy::kServerBudget;
        case budget::LimitedBy::kServerUnknown:
            return api::LimitedBy::kServerUnknown;
        case budget::LimitedBy::kMaxServerConnections:
            return api::LimitedBy::kMaxServerConnections;
        case budget::LimitedBy::kWaitingForOthers:
            return api::LimitedBy::kWaitingForOthers;
        case budget::LimitedBy::kNothing:
            break;
    }
    return sized.demand.by_rule.sum > sized.demand.by_rule.demand ? api::LimitedBy::kMaxDemand : api::LimitedBy::kNone;
}

std::string limit_text(const Observed& observed, const Sized& sized) {
    if (!sized.held_by.empty()) {
        return sized.held_by;
    }
    const api::Spec& spec = observed.pool.spec;
    const std::int64_t wanted = sized.pool.per_pod_wanted * std::max<std::int64_t>(spec.replicas, 1);
    switch (sized.pool.limited_by) {
        case budget::LimitedBy::kServerUnknown:
            return "the server's limits are not known: nothing grows until it answers";
        case budget::LimitedBy::kMaxServerConnections:
            return fmt::format("maxServerConnections {}, wanted {}", spec.sizing.max_server_connections.value_or(0), wanted);
        case budget::LimitedBy::kServerBudget:
            if (sized.pool.replicas < spec.replicas) {
                return fmt::format(
                    "{}: {} of {} pods may run, one connection each at least", server_text(sized.server), sized.pool.replicas, spec.replicas
                );
            }
            return fmt::format("{}: {} of them here, wanted {}", server_text(sized.server), sized.pool.granted, wanted);
        case budget::LimitedBy::kWaitingForOthers:
            return fmt::format("waits until other pools have shrunk; {} now, wanted {}", sized.pool.granted, wanted);
        case budget::LimitedBy::kNothing:
            break;
    }
    if (sized.demand.by_rule.sum > sized.demand.by_rule.demand) {
        return fmt::format("maxDemand: {} of {}", sized.demand.by_rule.demand, sized.demand.by_rule.sum);
    }
    return {};
}

}  // namespace cenote::controller
