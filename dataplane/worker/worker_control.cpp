// What other threads ask of a worker: reloads, the console's commands and rows, cancel requests.
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/rows.hpp"
#include "dataplane/worker/worker.hpp"

namespace cenote::worker {
namespace {

constexpr std::size_t kSlice = 16;  // rows of the console collected in one turn: two system calls each, and queries wait meanwhile

}  // namespace

void Worker::set_runtime(registry::RuntimeRef runtime) {
    context_.post([this, runtime = std::move(runtime)]() mutable {
        context_.runtime = std::move(runtime);
        for (const auto& pool : context_.process.registry.pools()) {
            context_.own(*pool).settings = pool->settings();
            if (pool->keeper == context_.id) {
                keeper_.look_after(pool);
            }
        }
        upkeep_.review();
    });
}

void Worker::review() {
    context_.post([this] { upkeep_.review(); });
}

void Worker::drain() {
    context_.post([this] { upkeep_.drain(); });
}

void Worker::match_waiters(registry::PoolRef pool) {
    context_.post([this, pool = std::move(pool)] {
        lending_.match_waiters(*pool);
        keeper_.look_after(pool);
    });
}

void Worker::look_after(registry::PoolRef pool) {
    context_.post([this, pool = std::move(pool)] { keeper_.look_after(pool); });
}

void Worker::evict_idle(registry::PoolRef pool) {
    context_.post([this, pool = std::move(pool)] {
        pool::ServerNode* server = nullptr;
        {
            const std::lock_guard lock(pool->mutex);
            server = pool->ledger.longest_idle(context_.id);
        }
        if (server != nullptr) {
            servers_.close(static_cast<Server&>(*server), "evicted");
        }
    });
}

void Worker::kill_client(std::uint64_t client_id, std::function<void(bool)> done) {
    context_.post([this, client_id, done = std::move(done)] {
        Client* client = clients_.find_id(client_id);
        if (client != nullptr) {
            clients_.disconnect(*client, protocol::sqlstate::kAdminShutdown, "admin forced disconnect");
        }
        done(client != nullptr);
    });
}

void Worker::kill_clients(registry::PoolRef pool, std::function<void()> done) {
    context_.post([this, pool = std::move(pool), done = std::move(done)] {
        for (std::size_t i = 0; i < clients_.table().size(); ++i) {
            Client* client = clients_.table()[i];
            if (client != nullptr && client->live() && &client->pool() == pool.get()) {
                clients_.disconnect(*client, protocol::sqlstate::kAdminShutdown, "admin forced disconnect");
            }
        }
        for (std::size_t i = servers_.table().size(); i-- > 0;) {
            Server& server = *servers_.table()[i];
            if (&server.pool() == pool.get() && server.is(ServerState::kIdle)) {
                servers_.close(server, "admin command");
            }
        }
        done();
    });
}

void Worker::collect_rows(admin::Snapshot& snapshot, bool clients, bool servers, std::function<void()> done) {
    context_.post([this, &snapshot, clients, servers, done = std::move(done)] { collect_slice(0, 0, snapshot, clients, servers, done); });
}

void Worker::collect_slice(
    std::size_t client, std::size_t server, admin::Snapshot& snapshot, bool clients, bool servers, const std::function<void()>& done
) {
    const auto wall = std::chrono::system_clock::now();
    std::size_t left = kSlice;
    for (; clients && client < clients_.table().size() && left > 0; ++client) {
        const Client* one = clients_.table()[client];
        if (one != nullptr && one->live()) {
            snapshot.clients.push_back(row_of(*one, context_.now, wall));
            --left;
        }
    }
    for (; servers && server < servers_.table().size() && left > 0; ++server, --left) {
        const Server& one = *servers_.table()[server];
        if (one.life.open()) {
            snapshot.servers.push_back(row_of(one, context_.now, wall));
        }
    }
    if ((clients && client < clients_.table().size()) || (servers && server < servers_.table().size())) {
        context_.post([this, client, server, &snapshot, clients, servers, done] {
            collect_slice(client, server, snapshot, clients, servers, done);
        });
        return;
    }
    done();
}

// A cancel request finds its client by slot and secret; it goes to the very server the client is linked to, which serves no other query
// before the request is through.
void Worker::find_cancel(std::uint32_t slot, std::int32_t secret, const std::function<void(std::optional<registry::CancelOrder>)>& found) {
    Client* client = clients_.find(slot);
    if (client == nullptr || client->secret != secret || !client->live()) {
        found(std::nullopt);
        return;
    }
    Server* server = client->server;
    const bool runs =
        client->state == ClientState::kActive && server != nullptr && server->is(ServerState::kActive) && !server->tracker.idle();
    if (!runs) {
        found(std::nullopt);  // a client that waits, or is between queries, has nothing that could be cancelled
        return;
    }
    servers_.cancel_begins(*server);
    registry::CancelOrder order;
    order.address = server->address;
    order.process_id = server->process_id;
    order.secret_key = server->secret_key;
    // While the request is under way the server stays on this worker, and in memory.
    order.done = [this, server](registry::CancelOrder::Outcome outcome) {
        context_.post([this, server, outcome] { end_cancel(*server, outcome); });
    };
    found(std::move(order));
}

void Worker::end_cancel(Server& server, registry::CancelOrder::Outcome outcome) {
    if (servers_.cancel_ends(server, outcome)) {
        lending_.give_back(server);
    } else if (server.cancels == 0 && server.client != nullptr) {
        context_.make_ready(*server.client);  // its next query may have waited for this
    }
}

}  // namespace cenote::worker
