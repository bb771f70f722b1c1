// What time brings: timeouts, idle and old servers, connections to open, and the pace of a drain. A tick every 100 to 200 ms while anything
// is open; none at all while the worker is empty.
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>

namespace cenote::worker {
namespace {

bool over(Duration limit, TimePoint since, TimePoint now) {
    return limit > Duration::zero() && since != TimePoint{} && now - since >= limit;
}

}  // namespace

void Worker::tick() {
    dozing_ = true;  // before the pools are looked at: who queues after that look sees it and wakes this worker
    tick_logins();
    tick_servers();
    bool pools_need_time = false;
    for (SharedPool* pool : process_.registry.pools()) {
        pools_need_time = tick_pool(*pool) || pools_need_time;
    }
    if (draining_) {
        tick_drain();
    }
    for (std::size_t i = cancels_.size(); i-- > 0;) {
        if (over(config().cancel_wait_timeout, cancels_[i]->started, now_)) {
            end_cancel(*cancels_[i]);
        }
    }
    const bool quiet = client_count() == 0 && servers_.empty() && cancels_.empty() && !pools_need_time;
    dozing_ = quiet;
    next_tick_ = quiet ? TimePoint::max() : now_ + std::chrono::milliseconds(100);
}

void Worker::tick_logins() {
    while (first_login_ != nullptr && over(config().client_login_timeout, first_login_->connected_at, now_)) {
        disconnect(*first_login_, protocol::sqlstate::kProtocolViolation, "client_login_timeout");
    }
}

void Worker::tick_servers() {
    for (std::size_t i = servers_.size(); i-- > 0;) {
        if (i >= servers_.size()) {
            continue;  // closing one may have closed others
        }
        ServerConnection& server = *servers_[i];
        SharedPool& pool = *server.pool;
        const PoolSettings& settings = pool.settings();
        const bool obsolete = server.epoch != pool.epoch.load(std::memory_order_relaxed);
        switch (server.state) {
            case ServerState::kConnecting:
            case ServerState::kLogin:
                if (over(settings.server_connect_timeout, server.connected_at, now_)) {
                    close_server(server, "connect timeout");
                    connect_failed(pool, Error{"connect timeout", protocol::sqlstate::kConnectionFailure});
                }
                break;
            case ServerState::kIdle: {
                pool::PoolCounts counts;
                {
                    const std::lock_guard lock(pool.mutex);
                    counts.idle = pool.ledger.idle();
                    counts.leased = pool.ledger.leased();
                    counts.waiting = pool.ledger.waiting();
                }
                const auto why = pool::expiry(settings.limits, counts, now_ - server.connected_at, now_ - server.idle_since);
                if (obsolete) {
                    close_server(server, "obsolete connection");
                } else if (why == pool::Expiry::kIdleTooLong) {
                    close_server(server, "server idle timeout");
                } else if (why == pool::Expiry::kTooOld) {
                    close_server(server, "server lifetime over");
                } else if (why == pool::Expiry::kSurplus) {
                    close_server(server, "pool size was lowered");
                }
                break;
            }
            case ServerState::kJob:
                if (over(settings.server_connect_timeout, server.query_start, now_)) {
                    server_lost(server, "server did not answer our query in time");
                }
                break;
            case ServerState::kActive: {
                ClientConnection* client = server.client;
                if (client == nullptr) {
                    break;
                }
                const bool in_transaction = server.tracker.idle() && server.tracker.status() != 'I';
                const bool gone_fast = obsolete && config().server_fast_close && server.tracker.clean();
                if (over(settings.query_timeout, server.query_start, now_)) {
                    disconnect(*client, protocol::sqlstate::kQueryCanceled, "query timeout");
                } else if (in_transaction && over(settings.idle_transaction_timeout, server.ready_at, now_)) {
                    disconnect(*client, "25P03", "idle transaction timeout");
                } else if (over(settings.transaction_timeout, server.xact_start, now_)) {
                    disconnect(*client, protocol::sqlstate::kQueryCanceled, "transaction timeout");
                } else if (gone_fast) {
                    disconnect(*client, protocol::sqlstate::kAdminShutdown, "database configuration changed");
                }
                break;
            }
            case ServerState::kBeingCanceled:
            case ServerState::kBroken:
            case ServerState::kClosed:
                break;
        }
    }
}

void Worker::wake_keeper(SharedPool& pool) {
    Worker& keeper = *process_.workers[pool.index % process_.workers.size()];
    if (&keeper != this && keeper.dozing_) {
        keeper.post([] {});  // a tick follows every wake from a doze
    }
}

// One worker keeps each pool: waiters' timeouts, the reserve, min_pool_size, retries. True: the pool needs its ticks, though nothing of it
// may be on this worker.
bool Worker::tick_pool(SharedPool& pool) {
    if (pool.index % process_.workers.size() != id_) {
        return false;
    }
    const auto& settings = pool.settings();
    const Duration limit = settings.query_wait_timeout;
    while (true) {
        ClientConnection* late = nullptr;
        {
            const std::lock_guard lock(pool.mutex);
            pool::Waiter* head = pool.ledger.head();
            if (head != nullptr && (pool.gone || over(limit, head->since, now_))) {
                static_cast<void>(pool.ledger.cancel(*head));
                late = static_cast<ClientConnection*>(head);
            }
        }
        if (late == nullptr) {
            break;
        }
        if (pool.gone) {
            send_unserved(
                *late, Why::kFailed, Error{fmt::format("no such database: {}", pool.database.name), protocol::sqlstate::kInvalidCatalogName}
            );
        } else {
            send_unserved(*late, Why::kTimedOut, {});
        }
    }
    open_connections(pool);
    const std::lock_guard lock(pool.mutex);
    return pool.ledger.waiting() > 0 || (settings.limits.min_pool_size > 0 && !pool.gone);
}

void Worker::drain() {
    loop_.post([this] {
        draining_ = true;
        next_tick_ = now_;
    });
}

// A tenth of those that are idle, but a few at least, each tick: a thousand clients shall not reconnect in the same millisecond.
void Worker::tick_drain() {
    std::size_t left = std::max<std::size_t>(5, static_cast<std::size_t>(client_count()) / 10);
    for (std::size_t i = 0; i < clients_.size() && left > 0; ++i) {
        ClientConnection* client = clients_[i];
        const bool idle = client != nullptr && client->state == ClientState::kIdle;
        const bool idle_session = client != nullptr && client->state == ClientState::kActive &&
                                  client->server->state == ServerState::kActive && client->server->tracker.clean() &&
                                  client->relay.at_boundary();
        if (idle || idle_session) {
            disconnect(*client, protocol::sqlstate::kAdminShutdown, "terminating connection due to administrator command");
            --left;
        }
    }
}

}  // namespace cenote::worker
