#include "dataplane/worker/lending.hpp"

#include "dataplane/worker/clients.hpp"
#include "dataplane/worker/jobs.hpp"
#include "dataplane/worker/servers.hpp"

#include <fmt/format.h>

#include <optional>

namespace cenote::worker {
namespace {

using pool::Fate;

// A server that gives way to another pool's client has served for so long at least, or two busy pools under one limit would do nothing but
// connect.
constexpr Duration kCedeAfter = std::chrono::milliseconds(100);

}  // namespace

bool Lending::acquire(Client& client) {
    registry::SharedPool& pool = client.pool();
    if (client.state == ClientState::kIdle) {
        client.request_at = context_.now;
    }
    while (true) {
        pool::Acquired got;
        bool tell_keeper = false;
        bool may_grow = false;
        std::optional<Error> refusal;
        {
            const std::lock_guard lock(pool.mutex);
            got = pool.ledger.acquire(client, context_.now);
            if (got.server == nullptr) {
                tell_keeper = !std::exchange(pool.on_agenda, true);
                pool.health.on_waiter(context_.now);
                const auto& limits = pool.settings_locked().limits;
                may_grow = limits.pool_size == 0 || pool.ledger.total() < limits.pool_size;
                if (pool.health.refusal() && pool.ledger.open() == 0 && !pool.health.may_try(context_.now)) {
                    refusal = pool.health.refusal();
                    static_cast<void>(pool.ledger.cancel(client));
                }
            }
        }
        client.state = ClientState::kWaiting;
        if (refusal) {
            clients_.disconnect(
                client, refusal->sqlstate,
                fmt::format("server login has been failing, cached error: {} (server_login_retry)", refusal->message)
            );
            return false;
        }
        client.expects = got.server == nullptr || got.remote;
        if (got.server == nullptr) {
            if (may_grow) {
                registry::open_connections(client.admission.pool(), context_.now);
            }
            if (tell_keeper) {
                context_.process.ports.look_after(client.admission.pool());
            }
            return false;
        }
        auto& server = static_cast<Server&>(*got.server);
        if (got.remote) {
            server.letter.kind = Letter::Kind::kBring;
            server.letter.server = &server;
            server.letter.client = &client;
            context_.crew[server.worker]->post(server.letter);
            return false;
        }
        server.life.enter(ServerState::kActive);
        if (server.obsolete()) {
            servers_.close(server, "obsolete connection");
            continue;
        }
        server.job = Job::kNone;
        return link(client, server);
    }
}

bool Lending::link(Client& client, Server& server) {
    client.expects = false;
    client.server = &server;
    server.client = &client;
    server.linked_at = context_.now;
    server.used = true;
    return serve(client, server);
}

bool Lending::serve(Client& client, Server& server) {
    registry::SharedPool& pool = client.pool();
    const auto& settings = context_.settings(pool);
    const Job done = std::exchange(server.job, Job::kNone);
    const bool stale = settings.check_servers && done == Job::kNone && server.idle_since != TimePoint{} &&
                       context_.now - server.idle_since >= settings.server_check_delay;
    server.idle_since = {};
    if (stale) {
        jobs_.start(server, Job::kCheck, settings.server_check_query);
        return false;
    }
    if (client.parameters != server.parameters) {
        const std::string sql = session::difference(context_.runtime->tracked, *client.parameters, *server.parameters);
        if (!sql.empty()) {
            jobs_.start(server, Job::kParameters, sql);
            return false;
        }
        server.parameters = client.parameters;  // equal: one comparison less next time
    }
    client.state = ClientState::kActive;
    client.stream.lean = false;
    auto& stats = context_.stats(pool);
    stats.server_assignment_count.add(1);
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(context_.now - client.request_at).count();
    stats.wait_time.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited)));
    if (settings.watches_time) {
        context_.agenda.at(server.timer, context_.now + settings.shortest_timeout);
    }
    return true;
}

void Lending::release(Server& server) {
    Client& client = *server.client;
    client.server = nullptr;
    server.client = nullptr;
    client.stream.lean = true;
    if (!server.stream.reading) {
        context_.loop.resume(server.stream);  // it was held back by a client that did not read
    }
    if (!client.stream.reading && client.live()) {
        context_.loop.resume(client.stream);
    }
    if (client.state == ClientState::kActive) {
        client.state = ClientState::kIdle;
        if (context_.draining || client.stream.in) {
            context_.make_ready(client);  // to be told to leave, or to go on with what it has already sent
        }
    }
    give_back(server);
}

void Lending::give_back(Server& server) {
    if (server.cancels > 0) {
        hold(server);  // the request would strike the reset, or the next client's query
        return;
    }
    const auto& settings = context_.settings(server.pool());
    const bool reset = settings.reset_always || settings.mode == config::PoolMode::kSession;
    if (reset && !settings.server_reset_query.empty()) {
        jobs_.start(server, Job::kReset, settings.server_reset_query);
        return;
    }
    put_back(server);
}

void Lending::hold(Server& server) {
    server.life.enter(ServerState::kHeld);
    server.pool().held.fetch_add(1, std::memory_order_relaxed);
}

void Lending::put_back(Server& server) {
    registry::SharedPool& pool = server.pool();
    CENOTE_CHECK(server.client == nullptr && server.tracker.clean() && server.relay.at_boundary());
    const auto& settings = context_.settings(pool);
    pool::ReturnFacts facts;
    facts.obsolete = server.obsolete();
    facts.used = server.used;
    facts.cancel_underway = server.cancels > 0;
    facts.cancel_unconfirmed = server.cancel_unconfirmed;
    facts.limit_lowered = pool.database->servers.over() || pool.user->servers.over();
    facts.age = context_.now - server.connected_at;
    const bool contested = facts.age >= kCedeAfter && (pool.database->servers.contested() || pool.user->servers.contested());
    pool::Verdict verdict;
    pool::Waiter* waiter = nullptr;
    {
        const std::lock_guard lock(pool.mutex);
        facts.open = pool.ledger.open();
        facts.waiting = pool.ledger.waiting();
        if (contested) {
            const auto* head = pool.ledger.head();
            const TimePoint since = head != nullptr ? head->since : TimePoint::max();
            facts.cedes = pool.database->servers.must_cede(since) || pool.user->servers.must_cede(since);
        }
        if (facts.used && pool::too_old(settings.limits, facts.age)) {
            facts.lifetime_turn = pool.lifetime_turn_locked(context_.now, settings.limits);
        }
        verdict = pool::fate_on_return(settings.limits, facts);
        if (verdict.fate == Fate::kIdle) {
            waiter = pool.ledger.release(server, context_.now);
        }
    }
    switch (verdict.fate) {
        case Fate::kClose:
            servers_.close(server, verdict.reason);
            return;
        case Fate::kHold:
            hold(server);
            return;
        case Fate::kIdle:
            break;
    }
    if (waiter == nullptr) {
        server.life.enter(ServerState::kIdle);
        context_.agenda.at(server.timer, context_.now + settings.idle_look);
        return;
    }
    server.idle_since = {};
    server.job = Job::kNone;
    auto& client = static_cast<Client&>(*waiter);
    if (client.worker != context_.id) {
        hand_over(server, client);
    } else if (link(client, server)) {
        context_.make_ready(client);
    }
}

// The client is no longer in the ledger's queue, so it stays until this reaches it: Ledger::cancel tells it that a server is on its way.
void Lending::hand_over(Server& server, Client& client) {
    server.life.enter(ServerState::kMoving);
    server.letter.kind = Letter::Kind::kTakeOver;
    server.letter.server = &server;
    server.letter.client = &client;
    servers_.let_out(server);
    if (context_.loop.leave(server.stream)) {
        on_left(server);
    }
}

void Lending::on_left(Server& server) { context_.crew[server.letter.client->worker]->post(server.letter); }

void Lending::on_letter(ServerLetter& letter) {
    // The letter is free from here on: what follows may write the next one into it.
    Server& server = *letter.server;
    Client& client = *letter.client;
    if (letter.kind == Letter::Kind::kBring) {
        bring(server, client);
    } else {
        take_over(server, client);
    }
}

// Another worker's client was given a server that is idle here.
void Lending::bring(Server& server, Client& client) {
    if (server.is(ServerState::kBroken)) {
        send_unserved(client, Why::kRetry, {});
        servers_.close(server, "server conn crashed?");
    } else if (client.worker == context_.id) {
        take_idle_for(server, client);
    } else if (server.obsolete() || context_.loop.sending(server.stream)) {
        server.life.enter(ServerState::kActive);
        send_unserved(client, Why::kRetry, {});
        servers_.close(server, "obsolete connection");
    } else {
        hand_over(server, client);
    }
}

void Lending::take_over(Server& server, Client& client) {
    server.life.enter(ServerState::kActive);
    const bool sound = servers_.take_in(server) && servers_.on_unasked(server, {});
    server.job = Job::kNone;
    if (!sound) {
        servers_.close(server, "server conn crashed?");
        unserved(client, Why::kRetry, {});
        return;
    }
    link_or_forget(server, client);
}

void Lending::send_unserved(Client& client, Why why, Error error) {
    if (client.worker == context_.id) {
        unserved(client, why, error);
        return;
    }
    Context& owner = *context_.crew[client.worker];
    owner.post([&owner, &client, why, error = std::move(error)] { owner.lending->unserved(client, why, error); });
}

void Lending::unserved(Client& client, Why why, const Error& error) {
    client.expects = false;
    if (!client.live()) {
        clients_.forget(client);
        return;
    }
    if (why == Why::kRetry) {
        context_.make_ready(client);
    } else {
        clients_.disconnect(client, error.sqlstate, error.message);
    }
}

void Lending::match_waiters(registry::SharedPool& pool) {
    while (true) {
        pool::Ledger::Match match;
        {
            const std::lock_guard lock(pool.mutex);
            match = pool.ledger.match();
        }
        if (match.waiter == nullptr) {
            return;
        }
        auto& client = static_cast<Client&>(*match.waiter);
        auto& server = static_cast<Server&>(*match.server);
        if (server.worker == context_.id && client.worker == context_.id) {
            take_idle_for(server, client);
            continue;
        }
        server.letter.kind = Letter::Kind::kBring;
        server.letter.server = &server;
        server.letter.client = &client;
        context_.crew[server.worker]->post(server.letter);
    }
}

void Lending::take_idle_for(Server& server, Client& client) {
    server.life.enter(ServerState::kActive);
    if (server.obsolete()) {
        servers_.close(server, "obsolete connection");
        unserved(client, Why::kRetry, {});
        return;
    }
    link_or_forget(server, client);
}

// The client was taken out of the queue a while ago: it may have gone since.
void Lending::link_or_forget(Server& server, Client& client) {
    if (!client.live()) {
        clients_.forget(client);
        put_back(server);
    } else if (link(client, server)) {
        context_.make_ready(client);
    }
}

}  // namespace cenote::worker
