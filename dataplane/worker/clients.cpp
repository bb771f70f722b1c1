#include "dataplane/worker/clients.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/worker/lending.hpp"
#include "dataplane/worker/servers.hpp"

#include <unistd.h>

#include <algorithm>

namespace cenote::worker {
namespace {

// How long a client that was told goodbye may take to hang up once it could read all, and to read on while there is more.
constexpr Duration kHangUp = std::chrono::seconds(2);
constexpr Duration kReadOn = std::chrono::seconds(30);

}  // namespace

Clients::~Clients() {
    for (Client* client : by_slot_) {
        if (client != nullptr) {
            if (client->stream.fd >= 0) {
                ::close(client->stream.fd);
            }
            delete client;
        }
    }
}

Client* Clients::adopt(registry::ClientSeed seed) {
    auto fresh = std::make_unique<Client>();
    fresh->stream.fd = seed.fd.release();
    fresh->stream.kind = io::Kind::kClient;
    fresh->stream.lean = true;
    fresh->worker = context_.id;
    fresh->slot = seed.slot;
    fresh->secret = seed.secret;
    fresh->id = seed.id;
    fresh->admission = std::move(seed.admission);
    fresh->parameters = std::move(seed.parameters);
    fresh->connected_at = seed.connected_at;
    fresh->request_at = context_.now;
    if (fresh->slot >= by_slot_.size()) {
        by_slot_.resize(std::max<std::size_t>(fresh->slot + 1, by_slot_.size() * 3 / 2));
    }
    Client* client = fresh.release();
    client->stream.owner = client;
    by_slot_[client->slot] = client;
    context_.stats(client->pool()).client_login_count.add(1);
    if (!context_.loop.add(client->stream)) {
        close(*client, "no memory for its socket");
        return nullptr;
    }
    context_.loop.keep(client->stream, seed.bytes);
    return client;
}

void Clients::on_end(Client& client) {
    if (client.state == ClientState::kClosing) {
        finish(client);
    } else if (client.live()) {
        close(client, "client unexpected eof");
    }
}

void Clients::log_close(const Client& client, std::string_view reason) const {
    if (context_.config().log_disconnections) {
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(context_.now - client.connected_at).count();
        log::info("{} closing because: {} (age={}s)", describe(client), reason, age);
    }
}

void Clients::disconnect(Client& client, std::string_view sqlstate, std::string_view text) {
    CENOTE_CHECK(client.live());
    // In the middle of a result an error would be read as part of it: then the connection just ends.
    if (client.server != nullptr && !client.server->relay.at_boundary()) {
        close(client, text);
        return;
    }
    if (context_.config().log_pooler_errors) {
        log::warning("{} pooler error: {}", describe(client), text);
    }
    log_close(client, text);  // before the client can act on it
    client.state = ClientState::kClosing;
    leave(client);
    protocol::MessageWriter out;
    protocol::write_error(out, "FATAL", sqlstate, text);
    auto& loop = context_.loop;
    loop.send(client.stream, out.data());
    loop.finish_sending(client.stream);
    loop.resume(client.stream);  // unread input would turn the close into a reset, which eats what it is still to read
    closings_.push_back({client.slot, client.id, context_.now, unread(client)});
    watch_closings();
}

void Clients::close(Client& client, std::string_view reason) {
    CENOTE_CHECK(client.live());
    log_close(client, reason);
    client.state = ClientState::kClosing;
    leave(client);
    finish(client);
}

// Gives up what it has of its pool: its place in the queue, its server.
void Clients::leave(Client& client) {
    registry::SharedPool& pool = client.pool();
    if (client.expects) {
        const std::lock_guard lock(pool.mutex);
        client.expects = !pool.ledger.cancel(client);  // true: a server is on its way to it
    }
    Server* server = std::exchange(client.server, nullptr);
    if (server != nullptr) {
        let_go(client, *server);
    }
    client.admission = {};  // before it is told: who reads the reason may come again at once
}

void Clients::let_go(const Client& client, Server& server) {
    server.client = nullptr;
    if (server.is(ServerState::kTested)) {
        return;  // the job goes on; then it is nobody's
    }
    if (server.tracker.clean() && server.relay.at_boundary() && client.relay.at_boundary() && !server.stream.in &&
        !context_.loop.sending(server.stream)) {
        lending_.give_back(server);
    } else {
        servers_.close(server, "client disconnect while server was not ready");
    }
}

// Its socket goes.
void Clients::finish(Client& client) {
    context_.loop.close(client.stream);
    client.state = ClientState::kClosed;
    context_.process.workers[context_.id].clients.fetch_sub(1, std::memory_order_relaxed);
    settle(client);
}

void Clients::forget(Client& client) {
    client.expects = false;
    settle(client);
}

void Clients::settle(Client& client) {
    if (client.state != ClientState::kClosed || client.expects) {
        return;
    }
    by_slot_[client.slot] = nullptr;
    context_.process.workers[context_.id].slots.release(client.slot);
    dead_.emplace_back(&client);
}

void Clients::on_due() {
    std::erase_if(closings_, [&](Closing& closing) {
        Client* client = find(closing.slot);
        if (client == nullptr || client->id != closing.id || client->state != ClientState::kClosing) {
            return true;
        }
        const std::size_t left = unread(*client);
        if (left < closing.left) {
            closing.since = context_.now;
            closing.left = left;
        }
        if (context_.now - closing.since < (left > 0 ? kReadOn : kHangUp)) {
            return false;
        }
        finish(*client);
        return true;
    });
    watch_closings();
}

void Clients::watch_closings() {
    if (!closings_.empty()) {
        closings_item_.kind = static_cast<std::uint8_t>(Due::kClosings);
        context_.agenda.at(closings_item_, context_.now + kHangUp / 4);
    }
}

// Bytes that the client has still to be sent: an estimate that shrinks as it reads.
std::size_t Clients::unread(const Client& client) const {
    return (client.stream.out ? client.stream.out->size() : 0) + (context_.loop.sending(client.stream) ? 1 : 0);
}

Client* Clients::find_id(std::uint64_t id) const {
    const auto found = std::find_if(by_slot_.begin(), by_slot_.end(), [&](const Client* one) { return one != nullptr && one->id == id; });
    return found == by_slot_.end() || !(*found)->live() ? nullptr : *found;
}

std::string describe(const Client& client) {
    const auto peer = client.stream.fd >= 0 ? net::peer_of(client.stream.fd) : net::Address{};
    return fmt::format(
        "C-{:#x}: {}/{}@{}:{}", client.id, client.pool().database->name, client.admission.user().name,
        peer.size > 0 ? peer.host() : "unknown", peer.size > 0 ? peer.port() : 0
    );
}

}  // namespace cenote::worker
