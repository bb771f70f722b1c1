#include "dataplane/worker/jobs.hpp"

#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/protocol/wire_reader.hpp"
#include "dataplane/worker/clients.hpp"
#include "dataplane/worker/lending.hpp"
#include "dataplane/worker/servers.hpp"

#include <algorithm>

namespace cenote::worker {
namespace {

constexpr std::uint32_t kMaxAnswer = 64 * 1024;  // an answer to a query of ours is small; more is a broken server

}  // namespace

void Jobs::start(Server& server, Job job, const std::string& sql) {
    server.life.enter(ServerState::kTested);
    server.job = job;
    server.job_error.reset();
    server.query_start = context_.now;
    server.pool().testing.fetch_add(1, std::memory_order_relaxed);
    protocol::MessageWriter out;
    protocol::write_query(out, sql);
    server.tracker.on_client_message(protocol::frontend::kQuery);
    context_.loop.send(server.stream, out.data());
    context_.agenda.at(server.timer, context_.now + context_.settings(server.pool()).server_connect_timeout);
}

void Jobs::on_bytes(Server& server, std::string_view fresh) {
    std::string_view rest = context_.loop.gather(server.stream, fresh);
    bool done = false;
    while (!done && rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (!header.valid() || header.length > kMaxAnswer) {
            servers_.lost(server, "invalid message from the server");
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
                server.job_error = std::make_unique<std::string>(protocol::parse_error(body).message);
                break;
            case protocol::backend::kParameterStatus:
                note_parameter(server, body);
                break;
            default:
                break;
        }
    }
    context_.loop.keep(server.stream, rest);
    if (done) {
        finish(server);
    }
}

void Jobs::note_parameter(Server& server, std::string_view body) {
    protocol::WireReader reader(body);
    const auto name = reader.string();
    const auto value = reader.string();
    if (!reader.ok()) {
        return;
    }
    server.parameters = with_reported(*context_.runtime, server.parameters, name, value);
    if (server.job == Job::kParameters && server.client != nullptr) {
        // The server's own spelling ("iso" -> "ISO, MDY"), or the two would differ for ever.
        server.client->parameters = with_reported(*context_.runtime, server.client->parameters, name, value);
    }
}

void Jobs::finish(Server& server) {
    const Job job = server.job;
    const bool failed = server.job_error != nullptr;
    if (!server.tracker.clean() || server.stream.in || context_.loop.sending(server.stream) || (failed && job != Job::kParameters)) {
        // Still in its job: a client that waits for it gets another.
        const std::string reason = failed ? *server.job_error : "server was not ready after our query";
        servers_.lost(server, reason);
        return;
    }
    server.pool().testing.fetch_sub(1, std::memory_order_relaxed);
    server.life.enter(ServerState::kActive);
    server.query_start = {};
    if (server.client != nullptr) {
        finish_for(server, *server.client, job);
        return;
    }
    if (job == Job::kParameters) {
        // What it set for a client that has left is known only as far as the server reports it.
        servers_.close(server, "client disconnect while its parameters were set");
        return;
    }
    if (job == Job::kReset) {
        forget_unreported(server);
    }
    server.job = Job::kNone;
    lending_.put_back(server);
}

void Jobs::finish_for(Server& server, Client& client, Job job) {
    if (job == Job::kParameters && server.job_error) {
        server.client = nullptr;
        client.server = nullptr;
        clients_.disconnect(
            client, protocol::sqlstate::kProtocolViolation, fmt::format("server refused the client's parameters: {}", *server.job_error)
        );
        servers_.close(server, "parameters were refused");
        return;
    }
    if (job == Job::kParameters) {
        // Settings the server does not report (an extra one) are as the client wanted them now.
        const auto& wanted = client.parameters->values;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (!wanted[i].empty() && (i >= server.parameters->values.size() || server.parameters->values[i] != wanted[i])) {
                server.parameters = session::with_value(server.parameters, i, wanted[i], wanted.size());
            }
        }
        if (*server.parameters == *client.parameters) {
            server.parameters = client.parameters;
        }
    }
    if (lending_.serve(client, server)) {
        context_.make_ready(client);
    }
}

// A reset query sets back what the server does not report, too: nothing is known of it any more.
void Jobs::forget_unreported(Server& server) {
    const auto& tracked = context_.runtime->tracked;
    std::shared_ptr<const registry::Welcome> reported;
    for (std::size_t i = session::TrackedNames::kAlwaysReported; i < server.parameters->values.size(); ++i) {
        if (server.parameters->values[i].empty()) {
            continue;
        }
        if (!reported) {
            const std::lock_guard lock(server.pool().mutex);
            reported = server.pool().welcome;
        }
        const auto same = [&](const auto& one) { return tracked.index_of(one.first) == static_cast<int>(i); };
        if (!reported || std::none_of(reported->parameters.begin(), reported->parameters.end(), same)) {
            server.parameters = session::with_value(server.parameters, i, "", tracked.names().size());
        }
    }
}

}  // namespace cenote::worker
