// A server's life beside a client: the queries of our own it runs, what it says unasked, and its end.
#include "dataplane/base/log.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/wire_reader.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace cenote::worker {
namespace {

constexpr std::uint32_t kMaxOwnMessage = 64 * 1024;  // an answer to a query of ours is small; more is a broken server

}  // namespace

void Worker::start_job(ServerConnection& server, ServerJob job, const std::string& sql) {
    server.state = ServerState::kJob;
    server.job = job;
    server.job_failed = false;
    server.job_error.clear();
    server.query_start = now_;
    server.pool->testing.fetch_add(1, std::memory_order_relaxed);
    protocol::MessageWriter out;
    protocol::write_query(out, sql);
    server.tracker.on_client_message(protocol::frontend::kQuery);
    switch (send_bytes(server.fd, server.out, out.data())) {
        case Sent::kAll:
            break;
        case Sent::kBlocked:
            arm_server(server, server.armed | EPOLLOUT);
            break;
        case Sent::kBroken:
            server_lost(server, "server conn crashed?");
            return;
    }
    next_tick_ = std::min(next_tick_, now_ + std::chrono::milliseconds(100));
}

void Worker::read_job(ServerConnection& server) {
    if (server.out) {
        const Sent sent = flush(server.fd, server.out);
        if (sent == Sent::kBroken) {
            server_lost(server, "server conn crashed?");
            return;
        }
        if (sent == Sent::kAll) {
            arm_server(server, EPOLLIN | EPOLLRDHUP);
        }
    }
    const Read got = read_some(server.fd, server.in);
    if (got.lost) {
        server_lost(server, "server conn crashed?");
        return;
    }
    std::string_view rest = got.bytes;
    bool done = false;
    while (!done && rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxOwnMessage) {
            server_lost(server, "invalid message from the server");
            return;
        }
        if (rest.size() < header.total()) {
            break;
        }
        const auto body = rest.substr(protocol::kHeaderSize, header.length - 4);
        rest.remove_prefix(static_cast<std::size_t>(header.total()));
        switch (header.type) {
            case protocol::backend::kReadyForQuery:
                server.tracker.on_ready_for_query(body.empty() ? '?' : body.front());
                done = true;
                break;
            case protocol::backend::kErrorResponse:
                server.tracker.on_server_message(header.type);
                server.job_failed = true;
                server.job_error = protocol::parse_error(body).message;
                break;
            case protocol::backend::kParameterStatus: {
                protocol::WireReader reader(body);
                const auto name = reader.string();
                const auto value = reader.string();
                const auto count = runtime_->tracked.names().size();
                if (const int index = runtime_->tracked.index_of(name); reader.ok() && index >= 0) {
                    server.parameters = session::with_value(server.parameters, static_cast<std::size_t>(index), value, count);
                    if (server.job == ServerJob::kParameters && server.client != nullptr) {
                        // The server's own spelling ("iso" -> "ISO, MDY"), or the two would differ for ever.
                        server.client->parameters =
                            session::with_value(server.client->parameters, static_cast<std::size_t>(index), value, count);
                    }
                }
                break;
            }
            default:
                break;
        }
    }
    keep(server.in, rest);
    if (done) {
        finish_job(server);
    }
}

void Worker::finish_job(ServerConnection& server) {
    const ServerJob job = server.job;
    ClientConnection* client = server.client;
    if (!server.tracker.clean() || server.in || server.out || (server.job_failed && job != ServerJob::kParameters)) {
        const std::string reason = server.job_failed ? server.job_error : "server was not ready after our query";
        server_lost(server, reason);  // still in its job: a client that waits for it gets another
        return;
    }
    server.pool->testing.fetch_sub(1, std::memory_order_relaxed);
    server.state = ServerState::kActive;
    server.query_start = {};
    if (client != nullptr && job == ServerJob::kParameters && server.job_failed) {
        server.client = nullptr;
        client->server = nullptr;
        disconnect(
            *client, protocol::sqlstate::kProtocolViolation, fmt::format("server refused the client's parameters: {}", server.job_error)
        );
        close_server(server, "parameters were refused");
        return;
    }
    if (client == nullptr) {
        server.job = ServerJob::kNone;
        if (job == ServerJob::kParameters) {
            // What it set for a client that has left is known only as far as the server reports it.
            close_server(server, "client disconnect while its parameters were set");
            return;
        }
        if (job == ServerJob::kReset) {
            forget_unreported(server);
        }
        put_back(server);
        return;
    }
    if (job == ServerJob::kParameters) {
        // Settings the server does not report (an extra one) are as the client wanted them now.
        for (std::size_t i = 0; i < client->parameters->values.size(); ++i) {
            const auto& wanted = client->parameters->values[i];
            if (!wanted.empty() && (i >= server.parameters->values.size() || server.parameters->values[i] != wanted)) {
                server.parameters = session::with_value(server.parameters, i, wanted, client->parameters->values.size());
            }
        }
        if (*server.parameters == *client->parameters) {
            server.parameters = client->parameters;
        }
    }
    server.idle_since = {};
    serve(*client, server);
}

// A reset query sets back what the server does not report, too: nothing is known of it any more.
void Worker::forget_unreported(ServerConnection& server) {
    const auto& names = runtime_->tracked.names();
    std::shared_ptr<const std::vector<std::pair<std::string, std::string>>> reported;
    for (std::size_t i = 0; i < server.parameters->values.size(); ++i) {
        if (i < session::TrackedNames::kAlwaysReported || server.parameters->values[i].empty()) {
            continue;
        }
        if (!reported) {
            const std::lock_guard lock(server.pool->mutex);
            reported = server.pool->welcome;
        }
        const auto same = [&](const auto& one) { return runtime_->tracked.index_of(one.first) == static_cast<int>(i); };
        if (std::none_of(reported->begin(), reported->end(), same)) {
            server.parameters = session::with_value(server.parameters, i, "", names.size());
        }
    }
}

void Worker::read_idle(ServerConnection& server) {
    const Read got = read_some(server.fd, server.in);
    if (got.lost) {
        close_server(server, "server conn crashed?");
        return;
    }
    if (got.fresh > 0 && !on_unasked(server, got.bytes)) {
        close_server(server, "server was terminated or sent something unasked");
    }
}

// What a server may say while it is idle: a changed setting, a notice, a notification nobody here listens for. Anything else ends it.
bool Worker::on_unasked(ServerConnection& server, std::string_view rest) {
    while (rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxOwnMessage) {
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
            if (const int index = runtime_->tracked.index_of(name); reader.ok() && index >= 0) {
                server.parameters =
                    session::with_value(server.parameters, static_cast<std::size_t>(index), value, runtime_->tracked.names().size());
            }
        } else if (header.type != protocol::backend::kNoticeResponse && header.type != protocol::backend::kNotificationResponse) {
            return false;
        }
    }
    keep(server.in, rest);
    return true;
}

// The server of a client (or of nobody) is gone or not to be trusted.
void Worker::server_lost(ServerConnection& server, std::string_view reason) {
    ClientConnection* client = server.client;
    const bool untouched = server.state == ServerState::kJob && server.job != ServerJob::kReset;
    const bool first_query = server.job == ServerJob::kConnectQuery;
    const bool mid_message = server.state == ServerState::kActive && !server.relay.at_boundary();
    SharedPool& pool = *server.pool;
    server.client = nullptr;
    if (client != nullptr) {
        client->server = nullptr;
    }
    close_server(server, reason);
    if (first_query) {
        connect_failed(pool, Error{fmt::format("connect_query failed: {}", reason), protocol::sqlstate::kConnectionFailure});
    }
    if (client == nullptr) {
        return;
    }
    if (untouched) {
        // Nothing of the client's has reached it: another server will do.
        if (client->state != ClientState::kWelcome) {
            client->state = ClientState::kWaiting;
        }
        if (acquire(*client)) {
            resume(*client);
        }
        return;
    }
    if (mid_message) {
        close_client(*client, reason);  // an error would be read as part of the message that broke off
    } else {
        disconnect(*client, protocol::sqlstate::kConnectionFailure, reason);
    }
}

void Worker::close_server(ServerConnection& server, std::string_view reason) {
    SharedPool& pool = *server.pool;
    bool wanted = false;
    const bool was_opening = server.state == ServerState::kConnecting || server.state == ServerState::kLogin;
    {
        const std::lock_guard lock(pool.mutex);
        if (server.state == ServerState::kIdle && !pool.ledger.take_idle(server)) {
            server.state = ServerState::kBroken;  // promised to another worker's client: it is told when it asks
        } else if (was_opening) {
            pool.ledger.connect_failed();
        } else {
            pool.ledger.closed();
            wanted = pool.ledger.waiting() > 0;
        }
    }
    if (server.state == ServerState::kBroken) {
        arm_server(server, 0);
        return;
    }
    if (server.state == ServerState::kJob) {
        pool.testing.fetch_sub(1, std::memory_order_relaxed);
    } else if (server.state == ServerState::kBeingCanceled) {
        pool.being_canceled.fetch_sub(1, std::memory_order_relaxed);
    }
    if (config().log_disconnections) {
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(now_ - server.connected_at).count();
        log::info("{} closing because: {} (age={}s)", describe(server), reason, age);
    }
    detach(server);
    shelf_.give(std::move(server.in));
    shelf_.give(std::move(server.out));
    static_cast<void>(::send(server.fd, "X\0\0\0\4", 5, MSG_NOSIGNAL | MSG_DONTWAIT));
    ::close(server.fd);
    server.fd = -1;
    server.state = ServerState::kClosed;
    if (server.cancels == 0) {
        dead_servers_.emplace_back(&server);
    }
    give_back_places(pool);
    if (wanted) {  // not here: a connect that fails at once would reach into clients that callers still work on
        loop_.post([this, &pool] { open_connections(pool); });
    }
}

}  // namespace cenote::worker
