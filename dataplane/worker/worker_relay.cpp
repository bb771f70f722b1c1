// The query path. Nothing here allocates once warm, logs, locks or walks a list; a server is asked for and given back in
// worker_lending.cpp.
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/session/pool_mode_rules.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>

namespace cenote::worker {
namespace {

constexpr std::uint32_t kGone = EPOLLHUP | EPOLLERR | EPOLLRDHUP;

std::uint64_t microseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
}

}  // namespace

void Worker::on_client(ClientConnection& client, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && client.out) {
        const Sent sent = flush(client.fd, client.out);
        if (sent == Sent::kBroken) {
            close_client(client, "client unexpected eof");
            return;
        }
        if (sent == Sent::kAll) {
            arm_client(client, client.armed & ~static_cast<std::uint32_t>(EPOLLOUT));
            if (client.server != nullptr) {
                arm_server(*client.server, client.server->armed | EPOLLIN);  // its results may flow again
            }
        }
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) {
        return;
    }
    switch (client.state) {
        case ClientState::kStartup:
        case ClientState::kAuth:
            read_login(client);
            return;
        case ClientState::kAdmin:
            read_admin(client, events);
            return;
        case ClientState::kIdle:
            read_client(client);
            return;
        case ClientState::kActive:
            if (client.server->state == ServerState::kActive && !client.server->out) {
                read_client(client);
                return;
            }
            [[fallthrough]];
        case ClientState::kWelcome:
        case ClientState::kWaiting:
            // What it sent stays in its socket until it has a server. Asked only now: most waiting clients send nothing more.
            if ((events & kGone) != 0) {
                close_client(client, "client unexpected eof");
            } else {
                arm_client(client, client.armed & ~static_cast<std::uint32_t>(EPOLLIN));
            }
            return;
        case ClientState::kClosed:
            return;
    }
}

void Worker::read_client(ClientConnection& client) {
    const Read got = read_some(client.fd, client.in);
    if (got.lost) {
        close_client(client, "client unexpected eof");
        return;
    }
    if (got.fresh > 0) {
        stats_of(*client.pool).client_bytes.add(got.fresh);
        process_client(client, got.bytes);
    }
}

void Worker::process_client(ClientConnection& client, std::string_view bytes) {
    using Kind = session::ClientRelay::Kind;
    const auto limit = static_cast<std::uint32_t>(config().max_packet_size);
    std::size_t begin = 0;  // [begin, at) goes to the server
    std::size_t at = 0;
    while (true) {
        const auto step = client.relay.next(bytes.substr(at), client.server != nullptr ? &client.server->tracker : nullptr, limit);
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
                // `bytes` may lie in read_buffer_, which serving others meanwhile would overwrite: keep the rest unless it is served at
                // once.
                if (!acquire(client)) {
                    if (client.state != ClientState::kClosed) {
                        keep(client.in, bytes.substr(at));
                    }
                    if (client.state == ClientState::kActive) {
                        resume(client);  // a first server died at once and the next one was ready before these bytes were kept
                    }
                    return;
                }
                continue;
            case Kind::kNeedMore:
                if (begin == at || forward_to_server(client, bytes.substr(begin, at - begin))) {
                    keep(client.in, bytes.substr(at));
                    if (client.server != nullptr) {
                        static_cast<void>(release_if_done(*client.server)
                        );  // late COPY data is through: the server's ReadyForQuery has come before
                    }
                }
                return;
            case Kind::kTerminate:
                if (begin == at || forward_to_server(client, bytes.substr(begin, at - begin))) {
                    close_client(client, "client close request");
                }
                return;
            case Kind::kError:
                disconnect(
                    client, protocol::sqlstate::kProtocolViolation,
                    fmt::format("invalid message (type 0x{:02x}) from the client", static_cast<unsigned char>(step.starts))
                );
                return;
        }
    }
}

void Worker::note_request(ClientConnection& client, char type) {
    namespace frontend = protocol::frontend;
    ServerConnection& server = *client.server;
    const bool asks = type != frontend::kSync && type != frontend::kFlush && type != frontend::kCopyData && type != frontend::kCopyDone &&
                      type != frontend::kCopyFail;
    if (asks && server.query_start == TimePoint{}) {
        auto& stats = stats_of(*client.pool);
        server.query_start = now_;
        stats.query_count.add(1);
        if (server.xact_start == TimePoint{}) {
            server.xact_start = now_;
            stats.xact_count.add(1);
        }
    }
    if (type == frontend::kParse) {
        stats_of(*client.pool).parse_count.add(1);
    } else if (type == frontend::kBind) {
        stats_of(*client.pool).bind_count.add(1);
    }
}

bool Worker::forward_to_server(ClientConnection& client, std::string_view bytes) {
    ServerConnection& server = *client.server;
    switch (send_bytes(server.fd, server.out, bytes)) {
        case Sent::kAll:
            return true;
        case Sent::kBlocked:
            arm_server(server, server.armed | EPOLLOUT);
            return true;
        case Sent::kBroken:
            break;
    }
    // Its last words (a FATAL error) may still be there to be read: the client shall have them. Into a buffer of their own: callers up the
    // stack may still look into read_buffer_.
    std::vector<char> aside(read_buffer_.size());
    aside.swap(read_buffer_);
    read_server(server);
    aside.swap(read_buffer_);
    if (client.state == ClientState::kActive && client.server == &server) {
        server_lost(server, "server conn crashed?");
    }
    return false;
}

void Worker::on_server(ServerConnection& server, std::uint32_t events) {
    switch (server.state) {
        case ServerState::kConnecting:
            on_connecting(server);
            return;
        case ServerState::kLogin:
            read_server_login(server);
            return;
        case ServerState::kIdle:
        case ServerState::kBeingCanceled:
            read_idle(server);
            return;
        case ServerState::kJob:
            read_job(server);
            return;
        case ServerState::kActive:
            break;
        case ServerState::kBroken:
        case ServerState::kClosed:
            return;
    }
    if ((events & EPOLLOUT) != 0 && server.out) {
        const Sent sent = flush(server.fd, server.out);
        if (sent == Sent::kBroken) {
            server_lost(server, "server conn crashed?");
            return;
        }
        if (sent == Sent::kAll) {
            arm_server(server, server.armed & ~static_cast<std::uint32_t>(EPOLLOUT));
            arm_client(*server.client, server.client->armed | EPOLLIN);
            if (release_if_done(server)) {
                return;
            }
        }
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) {
        return;
    }
    if (server.client->out) {
        // The client does not read: neither do we. Its own end is seen on its own socket.
        if ((server.armed & EPOLLIN) != 0) {
            arm_server(server, server.armed & ~static_cast<std::uint32_t>(EPOLLIN | EPOLLRDHUP));
        } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
            server_lost(server, "server conn crashed?");
        }
        return;
    }
    read_server(server);
}

void Worker::read_server(ServerConnection& server) {
    using Kind = session::ServerRelay::Kind;
    const Read got = read_some(server.fd, server.in);
    if (got.lost) {
        server_lost(server, "server conn crashed?");
        return;
    }
    if (got.fresh == 0) {
        return;
    }
    SharedPool& pool = *server.pool;
    stats_of(pool).server_bytes.add(got.fresh);
    std::string_view bytes = got.bytes;
    std::size_t at = 0;
    bool more = true;
    while (more) {
        const auto step = server.relay.next(bytes.substr(at), server.tracker);
        switch (step.kind) {
            case Kind::kReadyForQuery:
                at += step.size;
                note_ready(server);
                if (session::after_ready(pool.settings().mode, server.tracker) == session::AfterReady::kTransactionNotAllowed) {
                    ClientConnection& client = *server.client;
                    // The answer itself still goes out, whole: an error in the middle of a row would be read as part of it.
                    if (at > step.size && !forward_to_client(server, bytes.substr(0, at - step.size))) {
                        return;
                    }
                    disconnect(client, protocol::sqlstate::kProtocolViolation, "transaction blocks not allowed in statement pooling mode");
                    return;
                }
                break;
            case Kind::kParameterStatus:
                if (const int index = runtime_->tracked.index_of(step.name); index >= 0) {
                    const auto count = runtime_->tracked.names().size();
                    server.parameters = session::with_value(server.parameters, static_cast<std::size_t>(index), step.value, count);
                    server.client->parameters =
                        session::with_value(server.client->parameters, static_cast<std::size_t>(index), step.value, count);
                }
                at += step.size;
                break;
            case Kind::kForward:
                at += step.size;
                break;
            case Kind::kNeedMore:
                more = false;
                break;
            case Kind::kError:
                if (forward_to_client(server, bytes.substr(0, at))) {
                    server_lost(server, "invalid message from the server");
                }
                return;
        }
    }
    keep(server.in, bytes.substr(at));  // first: if the client is gone, that these bytes are there decides over the server
    if (at > 0 && !forward_to_client(server, bytes.substr(0, at))) {
        return;
    }
    static_cast<void>(release_if_done(server));
}

// Only when every byte that was read has gone its way may the server leave; what came behind a ReadyForQuery was this client's too.
// True: it has left, maybe to another worker.
bool Worker::release_if_done(ServerConnection& server) {
    if (!server.in && !server.out && server.relay.at_boundary() && server.client->relay.at_boundary() &&
        session::after_ready(server.pool->settings().mode, server.tracker) == session::AfterReady::kRelease) {
        unlink_and_release(server);
        return true;
    }
    return false;
}

void Worker::note_ready(ServerConnection& server) {
    auto& stats = stats_of(*server.pool);
    server.ready_at = now_;
    if (server.query_start != TimePoint{}) {
        stats.query_time.add(microseconds(now_ - server.query_start));
        server.query_start = {};
    }
    if (server.tracker.status() == 'I' && server.xact_start != TimePoint{}) {
        stats.xact_time.add(microseconds(now_ - server.xact_start));
        server.xact_start = {};
    }
}

bool Worker::forward_to_client(ServerConnection& server, std::string_view bytes) {
    ClientConnection& client = *server.client;
    switch (send_bytes(client.fd, client.out, bytes)) {
        case Sent::kAll:
            return true;
        case Sent::kBlocked:
            arm_client(client, client.armed | EPOLLOUT);
            return true;
        case Sent::kBroken:
            close_client(client, "client unexpected eof");
            return false;
    }
    return false;
}

}  // namespace cenote::worker
