#include "dataplane/gate/login_connection.hpp"

#include "dataplane/auth/crypto.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/gate/canceller.hpp"
#include "dataplane/gate/client_gate.hpp"
#include "dataplane/gate/console.hpp"
#include "dataplane/gate/welcome.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/registry/place.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

namespace cenote::gate {
namespace {

namespace sqlstate = protocol::sqlstate;
// What a client may send behind its password before it was told that it may: legal, if rare.
constexpr std::size_t kMaxEarly = 64 * 1024;
constexpr Duration kPatience = std::chrono::seconds(60);

std::string host_port(const Context& context, const ClientConnection::Origin& origin) {
    const bool wanted = context.config().application_name_add_host && !origin.is_unix;
    return wanted ? fmt::format("{}:{}", origin.peer.host(), origin.peer.port()) : "";
}

}  // namespace

LoginConnection::LoginConnection(ClientGate& gate, Context& context, net::Fd fd, Origin origin)
    : ClientConnection(context, std::move(fd), origin), gate_(gate), login_(context.runtime, host_port(context, origin)) {}

void LoginConnection::begin() {
    const auto read = channel_.read_now();
    if (read.lost || !read.bytes.empty()) {
        on_read(read);
    } else {
        read_more();
    }
}

void LoginConnection::on_read(Channel::Read read) {
    if (state_ == State::kLeaving) {
        in_.append(read.bytes);
        finish_now();  // an end that was seen here is seen by the worker again
        return;
    }
    if (read.lost) {
        close(state_ == State::kCancel ? "cancel request" : "client unexpected eof");
        return;
    }
    in_.append(read.bytes);
    if (state_ == State::kLogin) {
        proceed();
    } else if (in_.size() < kMaxEarly) {
        read_more();
    }
}

void LoginConnection::proceed() {
    const auto self = shared_from_this();
    while (state_ == State::kLogin) {
        Step step = login_.on_bytes(in_);
        in_.erase(0, step.consumed);
        if (!apply(step)) {
            break;
        }
    }
    if (state_ == State::kLogin && !ended() && flush()) {
        read_more();
    }
}

// True: there may be more to do with the bytes at hand.
bool LoginConnection::apply(const Step& step) {
    out_ += step.send;
    switch (step.kind) {
        case Step::Kind::kMore:
            return false;
        case Step::Kind::kNamed:
            return named();
        case Step::Kind::kDerive:
            derive();
            return false;
        case Step::Kind::kPassed:
            passed();
            return false;
        case Step::Kind::kCancel:
            state_ = State::kCancel;
            read_more();  // to see it leave
            gate_.canceller.request(std::static_pointer_cast<LoginConnection>(shared_from_this()), step.cancel);
            return false;
        case Step::Kind::kRefused:
            if (!step.log.empty()) {
                log::info("{} {}", describe(), step.log);
            }
            if (flush()) {
                refuse(step.error);
            }
            return false;
        case Step::Kind::kBroken:
            close(step.error.message);
            return false;
    }
    return false;
}

// Everything so far in one send. False: it is gone.
bool LoginConnection::flush() {
    if (!out_.empty() && channel_.send(std::exchange(out_, {})) == Channel::Sent::kBroken) {
        close("client unexpected eof");
        return false;
    }
    return !ended();
}

ClientLogin::Facts LoginConnection::facts() const {
    ClientLogin::Facts facts;
    if (login_.for_console()) {
        facts.own_user =
            origin().is_unix && user_name() == kConsole && net::peer_uid(channel_.fd()) == static_cast<std::int64_t>(::geteuid());
        return facts;
    }
    facts.shutting_down = context_.process.shutting_down;
    // Looked up, not made: whoever can open a socket could fill the registry with names.
    const auto database = context_.process.registry.find_database(login_.identity().database);
    facts.disabled = database && database->disabled;
    return facts;
}

bool LoginConnection::named() {
    if (const auto error = login_.refusal(facts())) {
        if (flush()) {
            refuse(*error);
        }
        return false;
    }
    if (!login_.for_console()) {
        if (!context_.process.clients.try_take()) {
            refuse(Error{"no more connections allowed (max_client_conn)", sqlstate::kTooManyConnections});
            return false;
        }
        counted_ = true;
    }
    return apply(login_.authenticate()) || !in_.empty();
}

void LoginConnection::derive() {
    state_ = State::kDerive;
    auto self = std::static_pointer_cast<LoginConnection>(shared_from_this());
    context_.derivations.add(Derivations::For::kClient, [self = std::move(self)]() mutable {
        self->login_.derive();
        // Its last holder may be this thread: it goes back whole, so that it ends where it lived.
        auto& io = self->context_.io;
        net::asio::post(io, [self = std::move(self)] {
            if (self->state_ == State::kDerive && !self->ended()) {
                self->state_ = State::kLogin;
                if (self->apply(self->login_.derived()) || self->state_ == State::kLogin) {
                    self->proceed();
                }
            }
        });
    });
}

void LoginConnection::passed() {
    gate_.leave_list(*this);
    if (context_.config().log_connections) {
        log::info("{} login attempt: db={} user={} tls=no", describe(), database_name(), user_name());
    }
    if (login_.for_console()) {
        const auto self = shared_from_this();
        state_ = State::kGone;
        gate_.forget(*this);
        gate_.console.admit(
            channel_.release(), origin(), {std::string(user_name()), login_.access(), out_, login_.final_payload(), std::move(in_)}
        );
        return;
    }
    if (context_.process.shutting_down) {  // since its StartupMessage
        refuse(Error{"pooler is shutting down", sqlstate::kAdminShutdown});
        return;
    }
    const auto& identity = login_.identity();
    auto& registry = context_.process.registry;
    auto pool = registry.pool(identity.database, identity.user);
    if (!pool) {
        refuse(Error{fmt::format("no such database: {}", identity.database), sqlstate::kInvalidCatalogName});
        return;
    }
    if (!pool->database->clients.try_take()) {
        refuse(Error{"no more connections allowed (max_db_client_connections)", sqlstate::kTooManyConnections});
        return;
    }
    auto user = registry.user(identity.user);
    if (!user->clients.try_take()) {
        pool->database->clients.give_back();
        refuse(Error{"no more connections allowed (max_user_client_connections)", sqlstate::kTooManyConnections});
        return;
    }
    counted_ = false;
    admission_ = registry::Admission(context_.process.clients, pool, std::move(user));
    enter_pool(std::move(pool));
}

void LoginConnection::enter_pool(registry::PoolRef pool) {
    const TimePoint now = context_.now();
    std::shared_ptr<const registry::Welcome> welcome;
    Error failure;
    {
        const std::lock_guard lock(pool->mutex);
        const auto& refusal = pool->health.refusal();
        // Only where the parameters are known: a first login would rather be told what the server says now.
        if (pool->welcome && pool->ledger.open() == 0 && refusal && !pool->health.may_try(now)) {
            failure = {
                fmt::format("server login has been failing, cached error: {} (server_login_retry)", refusal->message), refusal->sqlstate
            };
        } else {
            welcome = WaitingRoom::welcome_locked(*pool);
            if (!welcome) {
                pool->health.on_waiter(now);
                gate_.waiting.enter_locked(*this, pool, now);
                state_ = State::kWaiting;
            }
        }
    }
    if (!failure.message.empty()) {
        refuse(failure);
    } else if (welcome) {
        finish(std::move(welcome));
    } else {
        wait_for_server(pool);
    }
}

void LoginConnection::wait_for_server(const registry::PoolRef& pool) {
    const auto settings = pool->settings();
    const auto limited = [](Duration limit) { return limit > Duration::zero() ? limit : Duration::max(); };
    const Duration query = limited(settings->query_timeout);
    const Duration wait = limited(settings->query_wait_timeout);
    if (std::min(query, wait) != Duration::max()) {
        const char* text = query < wait ? "query_timeout" : "query_wait_timeout";
        wait_timeout_ = context_.deadlines.set(context_.now() + std::min(query, wait), [this, text, self = shared_from_this()] {
            refuse(Error{text, sqlstate::kProtocolViolation});
        });
    }
    if (flush()) {
        read_more();  // to see it leave
        if (registry::open_connections(pool, context_.now()) == 0) {
            context_.process.ports.look_after(pool);  // not now: its keeper knows when
        }
    }
}

void LoginConnection::time_out() {
    if (state_ == State::kCancel) {
        close("cancel request");
    } else {
        refuse(Error{"client_login_timeout", sqlstate::kProtocolViolation});
    }
}

void LoginConnection::finish(std::shared_ptr<const registry::Welcome> welcome) {
    context_.deadlines.drop(wait_timeout_);
    if (ended()) {
        return;
    }
    state_ = State::kLeaving;
    welcome_ = std::move(welcome);
    if (reading()) {
        channel_.cancel();  // the read's handler goes on: a byte it has taken already must not be lost
    } else {
        finish_now();
    }
}

void LoginConnection::finish_now() {
    auto& workers = context_.process.workers;
    std::size_t worker = 0;
    for (std::size_t i = 1; i < workers.size(); ++i) {
        if (workers[i].clients.load(std::memory_order_relaxed) < workers[worker].clients.load(std::memory_order_relaxed)) {
            worker = i;
        }
    }
    const std::uint32_t slot = workers[worker].slots.reserve();
    std::int32_t secret = 0;
    auth::random_bytes(std::span(reinterpret_cast<std::uint8_t*>(&secret), sizeof secret));
    const auto tables = static_cast<std::uint32_t>(workers.size() + 1);
    const CancelKey key{registry::pid_of({static_cast<std::uint32_t>(worker), slot}, tables), secret};
    out_ += write_login_end(login_.final_payload(), welcome_->parameters, context_.runtime->tracked, *login_.identity().parameters, key);
    switch (channel_.send(std::exchange(out_, {}))) {
        case Channel::Sent::kAll:
            hand_over(slot, secret, worker);
            return;
        case Channel::Sent::kBroken:
            workers[worker].slots.release(slot);
            close("client unexpected eof");
            return;
        case Channel::Sent::kBlocked:
            break;
    }
    // A login's end fits any socket's buffer; one that has filled it before may not wait here for ever.
    wait_timeout_ =
        context_.deadlines.set(context_.now() + kPatience, [this, self = shared_from_this()] { close("client_login_timeout"); });
    channel_.flushed([this, slot, secret, worker, self = shared_from_this()](bool broken) {
        if (!broken && !ended()) {
            hand_over(slot, secret, worker);
            return;
        }
        context_.process.workers[worker].slots.release(slot);
        if (!ended()) {
            close("client unexpected eof");
        }
    });
}

void LoginConnection::hand_over(std::uint32_t slot, std::int32_t secret, std::size_t worker) {
    const auto self = shared_from_this();
    context_.deadlines.drop(wait_timeout_);
    state_ = State::kGone;
    gate_.forget(*this);
    registry::ClientSeed seed;
    seed.fd = channel_.release();
    seed.parameters = parameters_of_client(welcome_->parameters, context_.runtime->tracked, *login_.identity().parameters);
    seed.slot = slot;
    seed.secret = secret;
    seed.id = origin().id;
    seed.connected_at = origin().since;
    seed.bytes = std::move(in_);
    {
        // Most clients of a pool ask for the same: one object for all of them.
        auto& pool = *admission_.pool();
        const std::lock_guard lock(pool.mutex);
        if (pool.common_parameters && *pool.common_parameters == *seed.parameters) {
            seed.parameters = pool.common_parameters;
        } else {
            pool.common_parameters = seed.parameters;
        }
    }
    seed.admission = std::move(admission_);
    auto& port = context_.process.workers[worker];
    port.clients.fetch_add(1, std::memory_order_relaxed);
    port.adopt_client(std::move(seed));
}

void LoginConnection::on_end() {
    if (state_ == State::kWaiting) {
        gate_.waiting.leave(*this, admission_.pool());
    }
    state_ = State::kGone;
    context_.deadlines.drop(wait_timeout_);
    if (std::exchange(counted_, false)) {
        context_.process.clients.give_back();
    }
    admission_ = {};
    gate_.forget(*this);
}

}  // namespace cenote::gate
