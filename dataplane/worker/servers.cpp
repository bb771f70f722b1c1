#include "dataplane/worker/servers.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/wire_reader.hpp"
#include "dataplane/worker/clients.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace cenote::worker {
namespace {

constexpr std::uint32_t kMaxUnasked = 64 * 1024;  // what a server says by itself is small
constexpr std::size_t kMostDiscarded = 8 * 1024 * 1024;
constexpr std::string_view kTerminate("X\0\0\0\4", 5);

}  // namespace

Servers::~Servers() {
    for (Server* server : all_) {
        if (server->stream.fd >= 0) {
            // The protocol's own goodbye, so that the server's log stays quiet.
            static_cast<void>(::send(server->stream.fd, kTerminate.data(), kTerminate.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
            ::close(server->stream.fd);
        }
        delete server;
    }
}

void Servers::enlist(Server& server) {
    server.worker = context_.id;
    server.row = all_.size();
    all_.push_back(&server);
}

Server* Servers::adopt(registry::ServerSeed seed) {
    auto fresh = std::make_unique<Server>();
    fresh->stream.fd = seed.fd.release();
    fresh->stream.kind = io::Kind::kServer;
    fresh->place = std::move(seed.place);
    fresh->shared = fresh->place.pool().get();
    fresh->epoch = seed.epoch;
    fresh->address = seed.address;
    fresh->process_id = seed.process_id;
    fresh->secret_key = seed.secret_key;
    fresh->parameters = std::move(seed.parameters);
    fresh->id = seed.id;
    fresh->connected_at = seed.connected_at;
    fresh->timer.kind = static_cast<std::uint8_t>(Due::kServer);
    Server* server = fresh.release();
    server->stream.owner = server->timer.owner = server;
    enlist(*server);
    if (!context_.loop.add(server->stream)) {
        close(*server, "no memory for its socket");
        return nullptr;
    }
    return server;
}

bool Servers::take_in(Server& server) {
    enlist(server);
    return context_.loop.add(server.stream);
}

void Servers::let_out(Server& server) {
    context_.agenda.remove(server.timer);
    all_[server.row] = all_.back();
    all_[server.row]->row = server.row;
    all_.pop_back();
}

bool Servers::on_unasked(Server& server, std::string_view fresh) {
    std::string_view rest = context_.loop.gather(server.stream, fresh);
    while (rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxUnasked) {
            return false;
        }
        if (rest.size() < header.total()) {
            break;
        }
        const auto body = rest.substr(protocol::kHeaderSize, header.length - 4);
        rest.remove_prefix(static_cast<std::size_t>(header.total()));
        if (header.type == protocol::backend::kParameterStatus) {
            protocol::WireReader reader(body);
            const auto name = reader.string();
            const auto value = reader.string();
            if (reader.ok()) {
                server.parameters = with_reported(*context_.runtime, server.parameters, name, value);
            }
        } else if (header.type != protocol::backend::kNoticeResponse && header.type != protocol::backend::kNotificationResponse) {
            return false;
        }
    }
    context_.loop.keep(server.stream, rest);
    return true;
}

void Servers::discard(Server& server, std::size_t bytes) {
    server.discarded += bytes;
    if (server.discarded > kMostDiscarded) {
        finish(server);  // a result without end: PostgreSQL notices at its next send
    }
}

void Servers::lost(Server& server, std::string_view reason) {
    Client* client = std::exchange(server.client, nullptr);
    // A check or a SET before the client's first byte: another server will do.
    const bool untouched = server.is(ServerState::kTested) && server.job != Job::kReset;
    const bool mid_message = server.is(ServerState::kActive) && !server.relay.at_boundary();
    if (client != nullptr) {
        client->server = nullptr;
    }
    close(server, reason);
    if (client == nullptr) {
        return;
    }
    if (untouched) {
        client->state = ClientState::kWaiting;
        context_.make_ready(*client);
    } else if (mid_message) {
        clients_.close(*client, reason);  // an error would be read as part of the message that broke off
    } else {
        clients_.disconnect(*client, protocol::sqlstate::kConnectionFailure, reason);
    }
}

void Servers::close(Server& server, std::string_view reason) {
    CENOTE_CHECK(server.client == nullptr);
    registry::SharedPool& pool = server.pool();
    if (server.is(ServerState::kIdle)) {
        bool promised = false;
        {
            const std::lock_guard lock(pool.mutex);
            promised = !pool.ledger.take_idle(server);
        }
        if (promised) {
            // To another worker's client, whose letter is on its way here: it is told then.
            server.life.enter(ServerState::kBroken);
            context_.loop.pause(server.stream, io::Paused::kWatchError);
            return;
        }
    } else if (server.is(ServerState::kTested)) {
        pool.testing.fetch_sub(1, std::memory_order_relaxed);
    } else if (server.is(ServerState::kHeld)) {
        pool.held.fetch_sub(1, std::memory_order_relaxed);
    }
    if (context_.config().log_disconnections) {
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(context_.now - server.connected_at).count();
        log::info("{} closing because: {} (age={}s)", describe(server), reason, age);
    }
    server.life.enter(ServerState::kEnding);
    server.place.leave_pool();
    // Where connections are limited, PostgreSQL's own count matters: it has one fewer only when it closes its end. A busy server of a pool
    // without limits is just left, as PgBouncer does.
    const bool counted = pool.database->servers.limit() > 0 || pool.user->servers.limit() > 0;
    auto& loop = context_.loop;
    if (server.stream.broken || server.stream.index == 0 || (!counted && !server.tracker.clean())) {
        finish(server);
        return;
    }
    loop.send(server.stream, kTerminate);
    loop.finish_sending(server.stream);
    if (server.stream.broken) {
        finish(server);
        return;
    }
    loop.resume(server.stream);
    server.ending_at = context_.now + context_.config().server_connect_timeout;
    context_.agenda.at(server.timer, server.ending_at);
}

void Servers::finish(Server& server) {
    if (server.stream.index != 0) {
        context_.loop.close(server.stream);
    } else {
        ::close(std::exchange(server.stream.fd, -1));
    }
    server.life.enter(ServerState::kGone);
    let_out(server);
    server.pool().cancel_requests.fetch_sub(server.cancels, std::memory_order_relaxed);
    server.shared = nullptr;
    server.place = {};
    if (server.cancels == 0) {
        dead_.emplace_back(&server);
    }
}

void Servers::cancel_begins(Server& server) {
    ++server.cancels;
    server.pool().cancel_requests.fetch_add(1, std::memory_order_relaxed);
}

bool Servers::cancel_ends(Server& server, registry::CancelOrder::Outcome outcome) {
    if (outcome == registry::CancelOrder::Outcome::kUnknown) {
        server.cancel_unconfirmed = true;
    }
    const bool last = --server.cancels == 0;
    if (server.is(ServerState::kGone)) {
        if (last) {
            dead_.emplace_back(&server);
        }
        return false;
    }
    server.pool().cancel_requests.fetch_sub(1, std::memory_order_relaxed);
    if (!last || !server.is(ServerState::kHeld)) {
        return false;
    }
    server.pool().held.fetch_sub(1, std::memory_order_relaxed);
    server.life.enter(ServerState::kActive);
    return true;
}

std::string describe(const Server& server) {
    return fmt::format(
        "S-{:#x}: {}/{}@{}:{}", server.id, server.pool().database->name, server.pool().user->name, server.address.host(),
        server.address.port()
    );
}

session::Parameters with_reported(
    const registry::Runtime& runtime, const session::Parameters& set, std::string_view name, std::string_view value
) {
    const int index = runtime.tracked.index_of(name);
    if (index < 0) {
        return set;
    }
    return session::with_value(set, static_cast<std::size_t>(index), value, runtime.tracked.names().size());
}

}  // namespace cenote::worker
