// What the console shows of one worker's connections, and what it may do to them.
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <unistd.h>

#include <algorithm>

namespace cenote::worker {
namespace {

std::string application_name_of(const session::Parameters& parameters) {
    constexpr std::size_t kApplicationName = 4;  // TrackedNames' fixed part
    return parameters && parameters->values.size() > kApplicationName ? parameters->values[kApplicationName] : std::string();
}

void set_addresses(admin::SocketRow& row, int fd, const net::Address& remote) {
    const auto local = net::local_of(fd);
    row.address = remote.host();
    row.port = remote.port();
    row.local_address = local.host();
    row.local_port = local.port();
}

std::string client_state(const ClientConnection& client) {
    switch (client.state) {
        case ClientState::kWaiting:
        case ClientState::kWelcome:
            return "waiting";
        case ClientState::kIdle:
            return "idle";
        default:
            return "active";
    }
}

std::string server_state(const ServerConnection& server, TimePoint now) {
    switch (server.state) {
        case ServerState::kConnecting:
        case ServerState::kLogin:
            return "new";
        case ServerState::kIdle:
            return now - server.idle_since > server.pool->settings().server_check_delay ? "used" : "idle";
        case ServerState::kJob:
            return "tested";
        case ServerState::kBeingCanceled:
            return "being_canceled";
        default:
            return "active";
    }
}

}  // namespace

void Worker::collect_rows(admin::Snapshot& snapshot, bool want_clients, bool want_servers) const {
    const auto now = Clock::now();
    const auto wall = std::chrono::system_clock::now();
    const auto to_wall = [&](TimePoint point) {
        return point == TimePoint{} ? admin::WallTime{} : wall - std::chrono::duration_cast<admin::WallTime::duration>(now - point);
    };
    if (want_clients) {
        for (const ClientConnection* client : clients_) {
            if (client == nullptr || client->state == ClientState::kClosed || client->login) {
                continue;
            }
            auto& row = snapshot.clients.emplace_back();
            row.database = client->pool != nullptr ? client->pool->database.name : "pgbouncer";
            row.user = client->user ? *client->user : client->pool != nullptr ? client->pool->user.name : "";
            row.state = client_state(*client);
            set_addresses(row, client->fd, net::peer_of(client->fd));
            row.connect_time = to_wall(client->connected_at);
            row.request_time = to_wall(client->request_at);
            row.wait = row.state == "waiting" ? std::chrono::duration_cast<config::Microseconds>(now - client->request_at)
                                              : config::Microseconds{0};
            row.pointer = client->id;
            row.link = client->server != nullptr ? client->server->id : 0;
            row.application_name = application_name_of(client->parameters);
            row.id = static_cast<std::int64_t>(client->id);
            row.recv_pos = client->in ? static_cast<int>(client->in->size()) : 0;
            row.send_remain = client->out ? static_cast<int>(client->out->size()) : 0;
        }
    }
    if (want_servers) {
        for (const ServerConnection* server : servers_) {
            auto& row = snapshot.servers.emplace_back();
            row.database = server->pool->database.name;
            row.user = server->pool->user.name;
            row.state = server_state(*server, now);
            set_addresses(row, server->fd, server->address);
            row.connect_time = to_wall(server->connected_at);
            row.request_time = to_wall(server->linked_at);
            row.close_needed = server->epoch != server->pool->epoch.load(std::memory_order_relaxed);
            row.pointer = server->id;
            row.link = server->client != nullptr ? server->client->id : 0;
            row.remote_pid = server->process_id;
            row.application_name = application_name_of(server->parameters);
            row.id = static_cast<std::int64_t>(server->id);
        }
    }
}

void Worker::kill_pool(SharedPool& pool) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
        ClientConnection* client = clients_[i];
        if (client != nullptr && client->pool == &pool && client->state != ClientState::kClosed) {
            disconnect(*client, protocol::sqlstate::kAdminShutdown, "admin forced disconnect");
        }
    }
    close_idle_servers(pool);
}

void Worker::close_idle_servers(SharedPool& pool) {
    for (std::size_t i = servers_.size(); i-- > 0;) {
        if (i < servers_.size() && servers_[i]->pool == &pool && servers_[i]->state == ServerState::kIdle) {
            close_server(*servers_[i], "admin command");
        }
    }
}

}  // namespace cenote::worker
