// Who gets which server: asking the pool's ledger, linking, giving back, and carrying a server from worker to worker.
#include "dataplane/base/log.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>

namespace cenote::worker {

// True: linked and ready to be written to. False: the client waits (or is closed); what it sent must be kept.
bool Worker::acquire(ClientConnection& client) {
    SharedPool& pool = *client.pool;
    if (client.state == ClientState::kIdle) {
        client.request_at = now_;
    }
    while (true) {
        pool::Acquired got;
        {
            const std::lock_guard lock(pool.mutex);
            got = pool.ledger.acquire(client, now_);
        }
        if (client.state != ClientState::kWelcome) {
            client.state = ClientState::kWaiting;
        }
        client.expects = got.server == nullptr || got.remote;
        if (got.server == nullptr) {
            wake_keeper(pool);
            open_connections(pool);
            return false;
        }
        auto& server = static_cast<ServerConnection&>(*got.server);
        if (got.remote) {
            Worker& owner = *process_.workers[server.worker];
            owner.post([&owner, &server, &client] { owner.bring(server, client); });
            return false;
        }
        server.state = ServerState::kActive;
        if (server.epoch != pool.epoch.load(std::memory_order_relaxed)) {
            close_server(server, "obsolete connection");
            continue;
        }
        return link(client, server);
    }
}

// As acquire: true if the client may go on at once.
bool Worker::link(ClientConnection& client, ServerConnection& server) {
    SharedPool& pool = *client.pool;
    const PoolSettings& settings = pool.settings();
    const bool stale = settings.check_servers && server.job != ServerJob::kCheck && server.idle_since != TimePoint{} &&
                       now_ - server.idle_since >= settings.server_check_delay;
    server.job = ServerJob::kNone;
    client.expects = false;
    client.server = &server;
    server.client = &client;
    server.state = ServerState::kActive;
    server.linked_at = now_;
    server.used = true;
    if (stale) {
        start_job(server, ServerJob::kCheck, settings.server_check_query);
        return false;
    }
    if (client.state == ClientState::kWelcome) {
        return true;
    }
    if (client.parameters != server.parameters) {
        const std::string sql = session::difference(runtime_->tracked, *client.parameters, *server.parameters);
        if (!sql.empty()) {
            start_job(server, ServerJob::kParameters, sql);
            return false;
        }
        server.parameters = client.parameters;  // equal: one comparison less next time
    }
    client.state = ClientState::kActive;
    auto& stats = stats_of(pool);
    stats.server_assignment_count.add(1);
    stats.wait_time.add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now_ - client.request_at).count())
    );
    return true;
}

// The client has its server: what it sent meanwhile goes on.
void Worker::resume(ClientConnection& client) {
    if (client.state == ClientState::kWelcome) {
        ServerConnection& server = *client.server;
        client.server = nullptr;
        server.client = nullptr;
        welcome(client);
        put_back(server);  // nothing of the client's has reached it
        return;
    }
    arm_client(client, client.armed | EPOLLIN);
    if (auto kept = std::move(client.in)) {
        process_client(client, *kept);
        shelf_.give(std::move(kept));
    }
}

// Its login is done; what it sent along with its password goes on.
void Worker::welcome(ClientConnection& client) {
    finish_login(client);
    if (client.state == ClientState::kIdle && client.in) {
        resume(client);
    }
}

void Worker::serve(ClientConnection& client, ServerConnection& server) {
    if (link(client, server)) {
        resume(client);
    }
}

void Worker::unlink_and_release(ServerConnection& server) {
    ClientConnection& client = *server.client;
    const PoolSettings& settings = server.pool->settings();
    client.server = nullptr;
    server.client = nullptr;
    arm_server(server, EPOLLIN | EPOLLRDHUP);  // it may have been held back by a client that did not read
    if (client.state == ClientState::kActive) {
        client.state = ClientState::kIdle;
        if (draining_) {
            disconnect(client, protocol::sqlstate::kAdminShutdown, "terminating connection due to administrator command");
        }
    }
    const bool reset = settings.reset_always || settings.mode == config::PoolMode::kSession;
    if (reset && !settings.server_reset_query.empty()) {
        start_job(server, ServerJob::kReset, settings.server_reset_query);
        return;
    }
    put_back(server);
}

// REQUIRES: proven clean and not linked.
void Worker::put_back(ServerConnection& server) {
    SharedPool& pool = *server.pool;
    const PoolSettings& settings = pool.settings();
    CENOTE_CHECK(server.client == nullptr && server.tracker.clean() && server.relay.at_boundary() && !server.out);
    if (server.cancels > 0) {
        server.state = ServerState::kBeingCanceled;  // a cancel for its last client must not hit the next one
        pool.being_canceled.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (server.epoch != pool.epoch.load(std::memory_order_relaxed)) {
        close_server(server, "obsolete connection");
        return;
    }
    if (server.used && pool::too_old(settings.limits, now_ - server.connected_at)) {
        close_server(server, "server lifetime over");
        return;
    }
    const auto over = [](const pool::LimitCounter& counter) { return counter.limit() > 0 && counter.used() > counter.limit(); };
    if (over(pool.database.servers) || over(pool.user.servers)) {
        close_server(server, "limit was lowered");
        return;
    }
    while (true) {
        pool::Waiter* waiter = nullptr;
        bool surplus = false;
        {
            const std::lock_guard lock(pool.mutex);
            const std::size_t most = settings.limits.pool_size + (pool.ledger.waiting() > 0 ? settings.limits.reserve_pool_size : 0);
            surplus = settings.limits.pool_size > 0 && pool.ledger.open() > most;
            if (!surplus) {
                server.state = ServerState::kIdle;
                waiter = pool.ledger.release(server, now_);
            }
        }
        if (surplus) {
            close_server(server, "pool size was lowered");
            return;
        }
        if (waiter == nullptr) {
            arm_server(server, EPOLLIN | EPOLLRDHUP);
            return;
        }
        server.state = ServerState::kActive;  // no longer anybody else's to take
        server.idle_since = {};
        auto& client = static_cast<ClientConnection&>(*waiter);
        if (client.worker != id_) {
            hand_over(server, client);
            return;
        }
        if (client.state != ClientState::kWelcome) {
            serve(client, server);
            return;
        }
        // It waits for the pool's welcome, which is there now: the server is free for the next one. A loop, for thousands may log in behind
        // the first connection of a pool.
        client.expects = false;
        welcome(client);
    }
}

// Takes the server off this worker. After this only its new worker may touch it.
void Worker::detach(ServerConnection& server) {
    loop_.remove(server.fd);
    servers_[server.place] = servers_.back();
    servers_[server.place]->place = server.place;
    servers_.pop_back();
}

// The client is no longer in the ledger's queue, so it stays until this reaches it: Ledger::cancel tells it that a server is on its way.
void Worker::hand_over(ServerConnection& server, ClientConnection& client) {
    Worker& taker = *process_.workers[client.worker];
    detach(server);
    taker.post([&taker, &server, &client] { taker.take_over(server, client); });
}

// Another worker's client was given a server that is idle here.
void Worker::bring(ServerConnection& server, ClientConnection& client) {
    if (server.state == ServerState::kBroken || server.epoch != server.pool->epoch.load(std::memory_order_relaxed)) {
        server.state = ServerState::kActive;
        close_server(server, "obsolete connection");
        send_unserved(client, Why::kRetry, {});
        return;
    }
    hand_over(server, client);
}

void Worker::take_over(ServerConnection& server, ClientConnection& client) {
    server.worker = id_;
    server.place = servers_.size();
    servers_.push_back(&server);
    server.state = ServerState::kActive;
    server.armed = EPOLLIN | EPOLLRDHUP;
    loop_.add(server.fd, Watched::kServer, &server, server.armed);
    if (client.state == ClientState::kClosed) {
        forget_client(client);
        put_back(server);
        return;
    }
    serve(client, server);
}

void Worker::send_unserved(ClientConnection& client, Why why, Error error) {
    Worker& owner = *process_.workers[client.worker];
    if (&owner == this) {
        unserved(client, why, error);
    } else {
        owner.post([&owner, &client, why, error = std::move(error)] { owner.unserved(client, why, error); });
    }
}

// What came for a client that is not queued any more is not a server.
void Worker::unserved(ClientConnection& client, Why why, const Error& error) {
    if (client.state == ClientState::kClosed) {
        forget_client(client);
        return;
    }
    client.expects = false;
    switch (why) {
        case Why::kRetry:
            if (acquire(client)) {
                resume(client);
            }
            return;
        case Why::kTimedOut:
            disconnect(client, protocol::sqlstate::kProtocolViolation, "query_wait_timeout");
            return;
        case Why::kFailed:
            disconnect(client, error.sqlstate, error.message);
            return;
    }
}

// Opens what the pool's policy says is missing, on this worker.
void Worker::open_connections(SharedPool& pool) {
    if (pool.gone) {
        return;
    }
    const PoolSettings& settings = pool.settings();
    std::size_t count = 0;
    bool for_waiters = false;
    {
        const std::lock_guard lock(pool.mutex);
        const auto& ledger = pool.ledger;
        if (ledger.paused() || now_ < pool.retry_at) {
            return;
        }
        pool::PoolCounts counts;
        counts.idle = ledger.idle();
        counts.leased = ledger.leased();
        counts.opening = ledger.opening_now();
        counts.waiting = ledger.waiting();
        counts.longest_wait = ledger.head() != nullptr ? now_ - ledger.head()->since : Duration::zero();
        counts.last_connect_failed = pool.last_connect_failed;
        counts.kept_open = pool.clients.load(std::memory_order_relaxed) > 0 || !settings.database.user.empty();
        count = pool::connections_to_open(settings.limits, counts);
        for_waiters = counts.waiting > 0;
        for (std::size_t i = 0; i < count; ++i) {
            pool.ledger.opening();
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        const bool database_has_room = pool.database.servers.try_take();
        if (database_has_room && pool.user.servers.try_take()) {
            connect_server(pool);
            continue;
        }
        if (database_has_room) {
            pool.database.servers.give_back();
        }
        {
            const std::lock_guard lock(pool.mutex);
            pool.ledger.connect_failed();
        }
        if (for_waiters) {
            evict_idle(pool);
        }
    }
    if (count > 0 || for_waiters) {
        next_tick_ = std::min(next_tick_, now_ + std::chrono::milliseconds(100));
    }
}

// The limit of a database or user is reached: the server of a sister pool that has been idle longest makes room (PgBouncer's rule).
void Worker::evict_idle(SharedPool& pool) {
    SharedPool* victim = nullptr;
    pool::WorkerId owner = 0;
    TimePoint oldest = TimePoint::max();
    for (SharedPool* other : process_.registry.pools()) {
        if (other == &pool || (&other->database != &pool.database && &other->user != &pool.user)) {
            continue;
        }
        const std::lock_guard lock(other->mutex);
        for (pool::WorkerId worker = 0; worker < process_.workers.size(); ++worker) {
            const auto* server = other->ledger.longest_idle(worker);
            if (server != nullptr && server->idle_since < oldest) {
                oldest = server->idle_since;
                victim = other;
                owner = worker;
            }
        }
    }
    if (victim == nullptr) {
        return;
    }
    Worker& keeper = *process_.workers[owner];
    keeper.post([&keeper, victim] {
        pool::ServerNode* server = nullptr;
        {
            const std::lock_guard lock(victim->mutex);
            server = victim->ledger.longest_idle(keeper.id_);
        }
        if (server != nullptr) {
            keeper.close_server(static_cast<ServerConnection&>(*server), "evicted");
        }
    });
}

void Worker::serve_waiters(SharedPool& pool) {
    while (true) {
        pool::Ledger::Match match;
        {
            const std::lock_guard lock(pool.mutex);
            match = pool.ledger.match();
        }
        if (match.waiter == nullptr) {
            break;
        }
        auto& client = static_cast<ClientConnection&>(*match.waiter);
        auto& server = static_cast<ServerConnection&>(*match.server);
        Worker& owner = *process_.workers[server.worker];
        owner.post([&owner, &server, &client] {
            if (client.worker == owner.id_ && server.state != ServerState::kBroken) {
                owner.take_idle_for(server, client);
            } else {
                owner.bring(server, client);
            }
        });
    }
    open_connections(pool);
}

void Worker::take_idle_for(ServerConnection& server, ClientConnection& client) {
    if (server.epoch != server.pool->epoch.load(std::memory_order_relaxed)) {
        bring(server, client);  // which closes it
        return;
    }
    server.state = ServerState::kActive;
    if (client.state == ClientState::kClosed) {
        forget_client(client);
        put_back(server);
        return;
    }
    serve(client, server);
}

}  // namespace cenote::worker
