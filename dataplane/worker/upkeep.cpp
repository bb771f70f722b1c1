#include "dataplane/worker/upkeep.hpp"

#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/clients.hpp"
#include "dataplane/worker/servers.hpp"

#include <algorithm>

namespace cenote::worker {
namespace {

namespace sqlstate = protocol::sqlstate;
constexpr Duration kDrainPace = std::chrono::milliseconds(100);
constexpr Duration kLimitPace = std::chrono::milliseconds(20);

bool over(Duration limit, TimePoint since, TimePoint now) {
    return limit > Duration::zero() && since != TimePoint{} && now - since >= limit;
}

}  // namespace

void Upkeep::on_due(Server& server) {
    switch (server.life.state()) {
        case ServerState::kIdle:
            review_idle(server);
            return;
        case ServerState::kActive:
            if (server.client != nullptr) {
                review_active(server);
            }
            return;
        case ServerState::kTested: {
            const auto limit = context_.settings(server.pool()).server_connect_timeout;
            if (over(limit, server.query_start, context_.now)) {
                servers_.lost(server, "server did not answer our query in time");
            } else if (limit > Duration::zero()) {
                context_.agenda.at(server.timer, server.query_start + limit);
            }
            return;
        }
        case ServerState::kEnding:
            if (context_.now >= server.ending_at) {
                servers_.finish(server);
            } else {
                context_.agenda.at(server.timer, server.ending_at);
            }
            return;
        case ServerState::kHeld:
        case ServerState::kMoving:
        case ServerState::kBroken:
        case ServerState::kGone:
            return;
    }
}

void Upkeep::review_idle(Server& server) {
    registry::SharedPool& pool = server.pool();
    const auto& settings = context_.settings(pool);
    const auto& limits = settings.limits;
    if (server.obsolete()) {
        servers_.close(server, "obsolete connection");
        return;
    }
    if (pool.database->servers.over() || pool.user->servers.over()) {
        // One at a time: a place is free only when PostgreSQL has let go, and until then the next would go for the same reason.
        if (context_.now - last_limit_close_ >= kLimitPace) {
            last_limit_close_ = context_.now;
            servers_.close(server, "limit was lowered");
        } else {
            context_.agenda.at(server.timer, context_.now + kLimitPace);
        }
        return;
    }
    pool::PoolCounts counts;
    pool::Expiry why = pool::Expiry::kKeep;
    {
        const std::lock_guard lock(pool.mutex);
        counts.idle = pool.ledger.idle();
        counts.leased = pool.ledger.leased();
        counts.waiting = pool.ledger.waiting();
        why = pool::expiry(limits, counts, context_.now - server.connected_at, context_.now - server.idle_since);
        if (why == pool::Expiry::kTooOld && !pool.lifetime_turn_locked(context_.now, limits)) {
            why = pool::Expiry::kKeep;
        }
    }
    switch (why) {
        case pool::Expiry::kIdleTooLong:
            servers_.close(server, "server idle timeout");
            return;
        case pool::Expiry::kTooOld:
            servers_.close(server, "server lifetime over");
            return;
        case pool::Expiry::kSurplus:
            servers_.close(server, "pool size was lowered");
            return;
        case pool::Expiry::kKeep:
            break;
    }
    TimePoint next = context_.now + settings.idle_look;
    const auto consider = [&](Duration limit, TimePoint since) {
        if (limit > Duration::zero()) {
            // What is over already waits for its turn (lifetimes are spaced) or is kept for min_pool_size: looked at again by and by.
            next = std::min(next, std::max(since + limit, context_.now + std::min<Duration>(limit / 4, std::chrono::seconds(1))));
        }
    };
    consider(limits.server_idle_timeout, server.idle_since);
    consider(limits.server_lifetime, server.connected_at);
    context_.agenda.at(server.timer, next);
}

void Upkeep::review_active(Server& server) {
    const auto& settings = context_.settings(server.pool());
    Client& client = *server.client;
    const TimePoint now = context_.now;
    const bool in_transaction = server.tracker.idle() && server.tracker.status() != 'I';
    if (over(settings.query_timeout, server.query_start, now)) {
        clients_.disconnect(client, sqlstate::kQueryCanceled, "query timeout");
    } else if (in_transaction && over(settings.idle_transaction_timeout, server.ready_at, now)) {
        clients_.disconnect(client, sqlstate::kIdleInTransactionSessionTimeout, "idle transaction timeout");
    } else if (over(settings.transaction_timeout, server.xact_start, now)) {
        clients_.disconnect(client, sqlstate::kQueryCanceled, "transaction timeout");
    } else if (server.obsolete() && context_.config().server_fast_close && server.tracker.clean()) {
        clients_.disconnect(client, sqlstate::kAdminShutdown, "database configuration changed");
    } else if (settings.watches_time) {
        TimePoint next = now + settings.shortest_timeout;
        const auto consider = [&](Duration limit, TimePoint since) {
            if (limit > Duration::zero() && since != TimePoint{}) {
                next = std::min(next, since + limit);
            }
        };
        consider(settings.query_timeout, server.query_start);
        consider(settings.transaction_timeout, server.xact_start);
        if (in_transaction) {
            consider(settings.idle_transaction_timeout, server.ready_at);
        }
        context_.agenda.at(server.timer, next);
    }
}

void Upkeep::review() {
    for (std::size_t i = servers_.table().size(); i-- > 0;) {
        if (i >= servers_.table().size()) {
            continue;  // ending one may have ended others
        }
        Server& server = *servers_.table()[i];
        if (server.is(ServerState::kIdle)) {
            review_idle(server);
        } else if (server.is(ServerState::kActive) && server.client != nullptr) {
            review_active(server);
        }
    }
}

void Upkeep::drain() {
    context_.draining = true;
    drain_item_.kind = static_cast<std::uint8_t>(Due::kDrain);
    on_drain_due();
}

bool Upkeep::leaves_idle(const Client& client) const {
    return client.state == ClientState::kIdle || (client.state == ClientState::kActive && client.server->is(ServerState::kActive) &&
                                                  client.server->tracker.clean() && client.relay.at_boundary());
}

// A tenth of those that are idle, but a few at least, each time: a thousand clients shall not reconnect in the same millisecond.
void Upkeep::on_drain_due() {
    const auto& table = clients_.table();
    const int serving = context_.process.workers[context_.id].clients.load(std::memory_order_relaxed);
    std::size_t left = std::max<std::size_t>(5, static_cast<std::size_t>(std::max(serving, 0)) / 10);
    for (std::size_t seen = 0; seen < table.size() && left > 0; ++seen) {
        Client* client = table[drain_at_++ % table.size()];
        if (client != nullptr && client->live() && leaves_idle(*client)) {
            clients_.disconnect(*client, sqlstate::kAdminShutdown, "terminating connection due to administrator command");
            --left;
        }
    }
    if (serving > 0) {
        context_.agenda.at(drain_item_, context_.now + kDrainPace);
    }
}

}  // namespace cenote::worker
