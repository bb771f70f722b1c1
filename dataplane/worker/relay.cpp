#include "dataplane/worker/relay.hpp"

#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/session/pool_mode_rules.hpp"
#include "dataplane/worker/clients.hpp"
#include "dataplane/worker/lending.hpp"
#include "dataplane/worker/servers.hpp"

#include <fmt/format.h>

namespace cenote::worker {
namespace {

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
}

}  // namespace

void Relay::on_client(Client& client, std::string_view fresh) {
    auto& loop = context_.loop;
    if (!client.live()) {
        return;  // it was told goodbye: nothing it says counts
    }
    context_.stats(client.pool()).client_bytes.add(fresh.size());
    const bool may_go = client.state == ClientState::kIdle || (client.state == ClientState::kActive &&
                                                               !(loop.congested(client.server->stream) && client.server->stream.tell_sent));
    if (may_go) [[likely]] {
        const auto bytes = loop.gather(client.stream, fresh);
        if (!bytes.empty()) {
            process(client, bytes);
        }
        return;
    }
    // Kept until it has its turn; the rest stays in its socket.
    loop.keep(client.stream, fresh);
    loop.pause(client.stream, client.state == ClientState::kWaiting ? io::Paused::kWatchEnd : io::Paused::kWatchError);
}

void Relay::process(Client& client, std::string_view bytes) {
    using Kind = session::ClientRelay::Kind;
    const auto limit = static_cast<std::uint32_t>(context_.config().max_packet_size);
    std::size_t begin = 0;  // [begin, at) goes to the server
    std::size_t at = 0;
    const auto send = [&] {
        if (begin < at) {
            to_server(client, bytes.substr(begin, at - begin));
        }
    };
    while (true) {
        Server* server = client.server;
        if (server != nullptr && server->cancels > 0 && server->tracker.idle() && client.relay.at_boundary()) [[unlikely]] {
            // A cancel request for its last query is under way: the next one waits until that is through.
            send();
            context_.loop.keep(client.stream, bytes.substr(at));
            context_.loop.pause(client.stream, io::Paused::kWatchEnd);
            return;
        }
        const auto step = client.relay.next(bytes.substr(at), server != nullptr ? &server->tracker : nullptr, limit);
        switch (step.kind) {
            case Kind::kForward:
                if (step.starts != 0) {
                    note_request(client, step.starts);
                }
                at += step.size;
                continue;
            case Kind::kDiscard:
                at += step.size;
                begin = at;
                continue;
            case Kind::kNeedServer:
                if (!lending_.acquire(client)) {
                    if (client.live()) {
                        context_.loop.keep(client.stream, bytes.substr(at));
                    }
                    return;
                }
                continue;
            case Kind::kNeedMore:
                send();
                context_.loop.keep(client.stream, bytes.substr(at));
                if (client.server != nullptr && client.server->tracker.clean()) [[unlikely]] {
                    release_if_done(*client.server);  // late COPY data is through: the server's ReadyForQuery has come before
                }
                return;
            case Kind::kTerminate:
                send();
                clients_.close(client, "client close request");
                return;
            case Kind::kError:
                clients_.disconnect(
                    client, protocol::sqlstate::kProtocolViolation,
                    fmt::format("invalid message (type 0x{:02x}) from the client", static_cast<unsigned char>(step.starts))
                );
                return;
        }
    }
}

void Relay::note_request(Client& client, char type) {
    namespace frontend = protocol::frontend;
    Server& server = *client.server;
    const bool asks = type != frontend::kSync && type != frontend::kFlush && type != frontend::kCopyData && type != frontend::kCopyDone &&
                      type != frontend::kCopyFail;
    auto& stats = context_.stats(client.pool());
    if (asks && server.query_start == TimePoint{}) {
        server.query_start = context_.now;
        stats.query_count.add(1);
        if (server.xact_start == TimePoint{}) {
            server.xact_start = context_.now;
            stats.xact_count.add(1);
        }
        if (const auto& settings = context_.settings(client.pool()); settings.watches_time) {
            context_.agenda.at(server.timer, context_.now + settings.shortest_timeout);
        }
    }
    if (type == frontend::kParse) {
        stats.parse_count.add(1);
    } else if (type == frontend::kBind) {
        stats.bind_count.add(1);
    }
}

void Relay::to_server(Client& client, std::string_view bytes) {
    auto& loop = context_.loop;
    Server& server = *client.server;
    loop.send(server.stream, bytes);
    if (loop.congested(server.stream)) [[unlikely]] {
        server.stream.tell_sent = true;
        loop.pause(client.stream, io::Paused::kWatchError);
    }
}

void Relay::to_client(Server& server, std::string_view bytes) {
    auto& loop = context_.loop;
    Client& client = *server.client;
    loop.send(client.stream, bytes);
    if (loop.congested(client.stream)) [[unlikely]] {
        client.stream.tell_sent = true;
        loop.pause(server.stream, io::Paused::kWatchError);
    }
}

void Relay::on_sent(Client& client) {
    Server* server = client.server;
    if (server != nullptr && client.state == ClientState::kActive && server->is(ServerState::kActive)) {
        context_.loop.resume(server->stream);
    }
}

void Relay::on_sent(Server& server) {
    Client* client = server.client;
    if (client == nullptr || client->state != ClientState::kActive || !server.is(ServerState::kActive)) {
        return;
    }
    go_on(*client);
    if (server.client == client && server.tracker.clean()) {
        release_if_done(server);
    }
}

void Relay::go_on(Client& client) {
    auto& loop = context_.loop;
    if (!client.stream.reading) {
        loop.resume(client.stream);
    }
    if (client.stream.in) {
        process(client, loop.gather(client.stream, {}));
    }
}

void Relay::on_server(Server& server, std::string_view fresh) {
    using Kind = session::ServerRelay::Kind;
    auto& loop = context_.loop;
    context_.stats(server.pool()).server_bytes.add(fresh.size());
    const std::string_view bytes = loop.gather(server.stream, fresh);
    std::size_t at = 0;
    while (true) {
        const auto step = server.relay.next(bytes.substr(at), server.tracker);
        switch (step.kind) {
            case Kind::kForward:
                at += step.size;
                continue;
            case Kind::kReadyForQuery:
                if (!on_ready_for_query(server, bytes.substr(0, at))) {
                    return;
                }
                at += step.size;
                continue;
            case Kind::kParameterStatus:
                note_parameter(server, step.name, step.value);
                at += step.size;
                continue;
            case Kind::kNeedMore:
                loop.keep(server.stream, bytes.substr(at));
                if (at > 0) {
                    to_client(server, bytes.substr(0, at));
                }
                release_if_done(server);
                return;
            case Kind::kError:
                if (at > 0) {
                    to_client(server, bytes.substr(0, at));
                }
                servers_.lost(server, "invalid message from the server");
                return;
        }
    }
}

// False: the client had to go, and with it the server.
bool Relay::on_ready_for_query(Server& server, std::string_view before) {
    note_ready(server);
    const auto mode = context_.settings(server.pool()).mode;
    if (session::after_ready(mode, server.tracker) != session::AfterReady::kTransactionNotAllowed) [[likely]] {
        return true;
    }
    // The answer itself still goes out, whole: an error in the middle of a row would be read as part of it.
    if (!before.empty()) {
        to_client(server, before);
    }
    clients_.disconnect(*server.client, protocol::sqlstate::kProtocolViolation, "transaction blocks not allowed in statement pooling mode");
    return false;
}

void Relay::note_parameter(Server& server, std::string_view name, std::string_view value) {
    Client& client = *server.client;
    const bool shared = client.parameters == server.parameters;
    server.parameters = with_reported(*context_.runtime, server.parameters, name, value);
    // One set for both where they agreed before: they go on to be told equal by one comparison.
    client.parameters = shared ? server.parameters : with_reported(*context_.runtime, client.parameters, name, value);
}

void Relay::note_ready(Server& server) {
    auto& stats = context_.stats(server.pool());
    server.ready_at = context_.now;
    if (server.query_start != TimePoint{}) {
        stats.query_time.add(microseconds(context_.now - server.query_start));
        server.query_start = {};
    }
    if (server.tracker.status() == 'I' && server.xact_start != TimePoint{}) {
        stats.xact_time.add(microseconds(context_.now - server.xact_start));
        server.xact_start = {};
    }
}

// Only when every byte that was read has gone its way may the server leave; what came behind a ReadyForQuery was this client's too.
void Relay::release_if_done(Server& server) {
    if (server.stream.in || !server.relay.at_boundary() || !server.client->relay.at_boundary() ||
        session::after_ready(context_.settings(server.pool()).mode, server.tracker) != session::AfterReady::kRelease) {
        return;
    }
    if (context_.loop.sending(server.stream)) [[unlikely]] {
        server.stream.tell_sent = true;  // on_sent asks again
        return;
    }
    lending_.release(server);
}

}  // namespace cenote::worker
