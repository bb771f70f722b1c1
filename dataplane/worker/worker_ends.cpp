// The ends of clients, and what becomes of the server one leaves behind.
#include "dataplane/base/log.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <unistd.h>

namespace cenote::worker {

namespace sqlstate = protocol::sqlstate;

void Worker::disconnect(ClientConnection& client, std::string_view code, std::string_view text) {
    protocol::MessageWriter out;
    protocol::write_error(out, "FATAL", code, text);
    // In the middle of a result an error would be read as part of it: then the connection just ends.
    const bool between_messages = client.server == nullptr || client.server->relay.at_boundary();
    if (between_messages && client.fd >= 0) {
        static_cast<void>(send_bytes(client.fd, client.out, out.data()));
    }
    if (config().log_pooler_errors) {
        log::warning("{} pooler error: {}", describe(client), text);
    }
    close_client(client, text);
}

void Worker::close_client(ClientConnection& client, std::string_view reason) {
    CENOTE_CHECK(client.state != ClientState::kClosed);
    const bool was_admin = client.state == ClientState::kAdmin;
    if (config().log_disconnections) {
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(now_ - client.connected_at).count();
        log::info("{} closing because: {} (age={}s)", describe(client), reason, age);
    }
    leave_login_list(client);
    loop_.remove(client.fd);
    ::close(client.fd);
    client.fd = -1;
    shelf_.give(std::move(client.in));
    shelf_.give(std::move(client.out));
    client_count_.fetch_sub(1, std::memory_order_relaxed);
    if (was_admin) {
        admin_count_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (client.counts_in_limits) {
        process_.clients.give_back();
    }
    client.state = ClientState::kClosed;
    ServerConnection* server = client.server;
    SharedPool* pool = client.pool;
    bool server_on_its_way = false;
    if (pool != nullptr) {
        pool->clients.fetch_sub(1, std::memory_order_relaxed);
        pool->database.clients.give_back();
        pool->user.clients.give_back();
        if (client.expects) {
            const std::lock_guard lock(pool->mutex);
            server_on_its_way = !pool->ledger.cancel(client);
        }
    }
    if (server != nullptr) {
        client.server = nullptr;
        if (server->state == ServerState::kJob) {
            server->client = nullptr;  // the job goes on; then it is nobody's
        } else if (server->tracker.clean() && server->relay.at_boundary() && client.relay.at_boundary() && !server->in && !server->out) {
            unlink_and_release(*server);
        } else {
            server->client = nullptr;
            close_server(*server, "client disconnect while server was not ready");
        }
    }
    if (!server_on_its_way) {
        forget_client(client);
    }
}

void Worker::forget_client(ClientConnection& client) {
    clients_[client.slot] = nullptr;
    free_slots_.push_back(client.slot);
    dead_clients_.emplace_back(&client);
}

bool Worker::kill_client(std::uint64_t client_id) {
    for (ClientConnection* client : clients_) {
        if (client != nullptr && client->id == client_id && client->state != ClientState::kClosed) {
            disconnect(*client, sqlstate::kAdminShutdown, "admin forced disconnect");
            return true;
        }
    }
    return false;
}

std::string Worker::describe(const ClientConnection& client) const {
    const auto peer = client.fd >= 0 ? net::peer_of(client.fd) : net::Address{};
    const std::string database = client.pool != nullptr ? client.pool->database.name
                                 : client.login         ? client.login->identity.database
                                                        : std::string(kConsoleDatabase);
    const std::string user = client.user              ? *client.user
                             : client.pool != nullptr ? client.pool->user.name
                             : client.login           ? client.login->identity.user
                                                      : "";
    return fmt::format(
        "C-{:#x}: {}/{}@{}:{}", client.id, database.empty() ? "(nodb)" : database, user.empty() ? "(nouser)" : user,
        peer.size > 0 ? peer.host() : "unknown", peer.size > 0 ? peer.port() : 0
    );
}

std::string Worker::describe(const ServerConnection& server) const {
    return fmt::format(
        "S-{:#x}: {}/{}@{}:{}", server.id, server.pool->database.name, server.pool->user.name, server.address.host(), server.address.port()
    );
}

}  // namespace cenote::worker
