#include "dataplane/worker/worker.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/rows.hpp"

#include <pthread.h>
#include <signal.h>

#include <cstddef>

namespace cenote::worker {
namespace {

Client& client_of(const io::Stream& stream) { return *static_cast<Client*>(stream.owner); }
Server& server_of(const io::Stream& stream) { return *static_cast<Server*>(stream.owner); }

}  // namespace

Worker::Worker(pool::WorkerId id, registry::Process& process, Crew& crew, registry::RuntimeRef runtime, io::Engine engine)
    : context_(id, process, crew, std::move(runtime), engine),
      clients_(context_, lending_, servers_),
      servers_(context_, clients_),
      lending_(context_, clients_, servers_, jobs_),
      jobs_(context_, clients_, servers_, lending_),
      relay_(context_, clients_, servers_, lending_),
      keeper_(context_, lending_),
      upkeep_(context_, clients_, servers_) {
    context_.lending = &lending_;
    crew[id] = &context_;
    auto& port = process.workers[id];
    port.adopt_client = [this](registry::ClientSeed seed) {
        auto shared = std::make_shared<registry::ClientSeed>(std::move(seed));
        context_.post([this, shared] { adopt(std::move(*shared)); });
    };
    port.adopt_server = [this](registry::ServerSeed seed) {
        auto shared = std::make_shared<registry::ServerSeed>(std::move(seed));
        context_.post([this, shared] { adopt(std::move(*shared)); });
    };
    port.find_cancel = [this](std::uint32_t slot, std::int32_t secret, std::function<void(std::optional<registry::CancelOrder>)> found) {
        context_.post([this, slot, secret, found = std::move(found)] { find_cancel(slot, secret, found); });
    };
    port.refuse_waiting = [this](registry::PoolRef pool, Error error) {
        context_.post([this, pool = std::move(pool), error = std::move(error)] { keeper_.refuse_waiting(*pool, error); });
    };
}

Worker::~Worker() {
    stop();
    for (const auto& pool : context_.process.registry.pools()) {
        if (pool->keeper == context_.id) {
            context_.agenda.remove(pool->keeper_item);
            pool->keeper_item.pool.reset();
        }
    }
    // Letters that nobody will read.
    for (Letter* letter = context_.mailbox.take(); letter != nullptr;) {
        Letter* next = letter->next;
        if (letter->kind == Letter::Kind::kTask) {
            delete static_cast<TaskLetter*>(letter);
        }
        letter = next;
    }
}

void Worker::start() {
    thread_ = std::thread([this] {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the control thread's
        pthread_setname_np(pthread_self(), fmt::format("worker-{}", context_.id).c_str());
        run();
    });
}

void Worker::stop() {
    if (thread_.joinable()) {
        context_.post([this] { stopping_ = true; });
        thread_.join();
    }
}

void Worker::run() {
    while (!stopping_) {
        const bool doze = context_.mailbox.doze();
        context_.loop.wait(doze ? context_.agenda.next() : TimePoint{});
        context_.mailbox.awake();
        turn(Clock::now());
    }
}

void Worker::poll(TimePoint now) {
    context_.loop.wait(TimePoint{});
    turn(now);
}

void Worker::turn(TimePoint now) {
    context_.now = now;
    io::Event event;
    while (context_.loop.next(event)) {
        on_event(event);
        go_on_with_ready();
    }
    read_letters();
    do_what_is_due();
    clients_.bury();
    servers_.bury();
}

void Worker::on_event(const io::Event& event) {
    switch (event.stream->kind) {
        case io::Kind::kClient:
            on_client_event(client_of(*event.stream), event);
            return;
        case io::Kind::kServer:
            on_server_event(server_of(*event.stream), event);
            return;
        case io::Kind::kNone:
            return;
    }
}

void Worker::on_client_event(Client& client, const io::Event& event) {
    switch (event.type) {
        case io::Event::Type::kBytes:
            relay_.on_client(client, event.bytes);
            return;
        case io::Event::Type::kEnd:
            clients_.on_end(client);
            return;
        case io::Event::Type::kSent:
            relay_.on_sent(client);
            return;
        case io::Event::Type::kLeft:
            return;  // clients stay
    }
}

void Worker::on_server_event(Server& server, const io::Event& event) {
    switch (event.type) {
        case io::Event::Type::kBytes:
            on_server_bytes(server, event.bytes);
            return;
        case io::Event::Type::kEnd:
            server.stream.broken = true;  // nobody reads a goodbye
            if (server.is(ServerState::kEnding)) {
                servers_.finish(server);
            } else if (server.is(ServerState::kActive) || server.is(ServerState::kTested)) {
                servers_.lost(server, "server conn crashed?");
            } else if (!server.is(ServerState::kBroken)) {
                servers_.close(server, "server conn crashed?");
            }
            return;
        case io::Event::Type::kSent:
            relay_.on_sent(server);
            return;
        case io::Event::Type::kLeft:
            lending_.on_left(server);
            return;
    }
}

void Worker::on_server_bytes(Server& server, std::string_view bytes) {
    switch (server.life.state()) {
        case ServerState::kActive:
            if (server.client != nullptr) [[likely]] {
                relay_.on_server(server, bytes);
                return;
            }
            break;
        case ServerState::kTested:
            jobs_.on_bytes(server, bytes);
            return;
        case ServerState::kIdle:
        case ServerState::kHeld:
            if (!servers_.on_unasked(server, bytes)) {
                servers_.close(server, "server was terminated or sent something unasked");
            }
            return;
        case ServerState::kEnding:
            servers_.discard(server, bytes.size());
            return;
        case ServerState::kMoving:
        case ServerState::kBroken:
        case ServerState::kGone:
            break;
    }
    context_.loop.keep(server.stream, bytes);
}

void Worker::read_letters() {
    for (Letter* letter = context_.mailbox.take(); letter != nullptr;) {
        Letter* next = letter->next;  // before it is read: what it says may send it on
        if (letter->kind == Letter::Kind::kTask) {
            const std::unique_ptr<TaskLetter> task(static_cast<TaskLetter*>(letter));
            task->task();
        } else {
            lending_.on_letter(*static_cast<ServerLetter*>(letter));
        }
        go_on_with_ready();
        letter = next;
    }
}

void Worker::go_on_with_ready() {
    // Who goes on may make others ready: they come behind.
    for (std::size_t i = 0; i < context_.ready.size(); ++i) {
        Client& client = *context_.ready[i];
        client.ready = false;
        go_on(client);
    }
    context_.ready.clear();
}

void Worker::go_on(Client& client) {
    switch (client.state) {
        case ClientState::kIdle:
            if (context_.draining) {
                clients_.disconnect(client, protocol::sqlstate::kAdminShutdown, "terminating connection due to administrator command");
            } else {
                relay_.go_on(client);
            }
            return;
        case ClientState::kWaiting:
            if (client.server == nullptr && !client.expects && lending_.acquire(client)) {
                relay_.go_on(client);
            }
            return;
        case ClientState::kActive:
            if (client.server->is(ServerState::kActive)) {
                relay_.go_on(client);
            }
            return;
        case ClientState::kClosing:
        case ClientState::kClosed:
            return;
    }
}

void Worker::do_what_is_due() {
    while (pool::Agenda::Item* item = context_.agenda.pop(context_.now)) {
        switch (static_cast<Due>(item->kind)) {
            case Due::kServer:
                upkeep_.on_due(*static_cast<Server*>(item->owner));
                break;
            case Due::kPool:
                keeper_.on_due(*item);
                break;
            case Due::kClosings:
                clients_.on_due();
                break;
            case Due::kDrain:
                upkeep_.on_drain_due();
                break;
        }
        go_on_with_ready();
    }
}

void Worker::adopt(registry::ClientSeed seed) {
    Client* client = clients_.adopt(std::move(seed));
    if (client == nullptr) {
        return;
    }
    if (client->stream.in || context_.draining) {
        context_.make_ready(*client);
    }
}

void Worker::adopt(registry::ServerSeed seed) {
    if (Server* server = servers_.adopt(std::move(seed))) {
        lending_.put_back(*server);
    }
}

}  // namespace cenote::worker
