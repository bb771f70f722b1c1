#include "dataplane/gate/dial.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/gate/dialer.hpp"
#include "dataplane/gate/post.hpp"
#include "dataplane/protocol/sqlstate.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote::gate {
namespace {

namespace sqlstate = protocol::sqlstate;
using session::ServerLogin;

}  // namespace

Dial::Dial(Dialer& dialer, Context& context, registry::DialOrder order)
    : dialer_(dialer), context_(context), order_(std::move(order)), pool_(order_.place.pool()) {}

void Dial::begin() {
    id_ = context_.process.next_id++;
    began_ = context_.now();
    std::size_t turn = 0;
    {
        const std::lock_guard lock(pool_->mutex);
        // With `disable` the host that answered last stays first (its index is put there); otherwise each order starts one further.
        const bool fixed = pool_->settings_locked().database.load_balance_hosts == config::LoadBalanceHosts::kDisable;
        turn = fixed ? pool_->next_address : pool_->next_address++;
    }
    settings_ = pool_->settings();
    const Duration limit = settings_->server_connect_timeout;
    deadline_ = limit > Duration::zero() ? began_ + limit : TimePoint::max();
    plan_.emplace(settings_->database.host, settings_->database.port, context_.config().unix_socket_dir, turn);
    last_error_ = Error{"connect failed", sqlstate::kConnectionFailure};
    try_next();
}

void Dial::limit_step(const char* reason) {
    context_.deadlines.drop(limit_);
    if (deadline_ == TimePoint::max()) {
        return;
    }
    const TimePoint now = context_.now();
    limit_ = context_.deadlines.set(now + plan_->share(deadline_ - now), [this, reason, self = shared_from_this()] {
        address_failed(reason, Error{reason, sqlstate::kConnectionFailure});
    });
}

void Dial::try_next() {
    ++step_;
    in_.clear();
    if (channel_) {
        channel_->close();
        channel_.reset();
    }
    const auto next = context_.now() < deadline_ ? plan_->next() : AddressPlan::Next{};
    switch (next.kind) {
        case AddressPlan::Next::Kind::kResolve:
            resolve(next.host);
            return;
        case AddressPlan::Next::Kind::kConnect:
            connect(next.address);
            return;
        case AddressPlan::Next::Kind::kNone:
            break;
    }
    state_ = State::kEnded;
    context_.deadlines.drop(limit_);
    dialer_.failed(*this, last_error_);
}

void Dial::resolve(const std::string& host) {
    state_ = State::kResolve;
    address_ = {};
    limit_step("server DNS lookup failed");
    const auto& config = context_.config();
    const Duration limit = deadline_ == TimePoint::max() ? Duration::zero() : plan_->share(deadline_ - context_.now());
    auto answer = [&io = context_.io, step = step_, self = shared_from_this()](Result<std::vector<net::Address>> addresses) {
        post_to(io, [step, self, addresses = std::move(addresses)]() mutable {
            if (self->step_ != step || self->state_ != State::kResolve) {
                return;
            }
            if (addresses && !addresses->empty()) {
                self->plan_->resolved(std::move(*addresses));
                self->try_next();
            } else {
                self->address_failed(
                    "server DNS lookup failed",
                    addresses ? Error{"server DNS lookup failed", sqlstate::kConnectionFailure} : addresses.error()
                );
            }
        });
    };
    const auto micros = [](auto duration) { return std::chrono::duration_cast<std::chrono::microseconds>(duration); };
    context_.resolve(host, plan_->port(), config.dns_max_ttl, config.dns_nxdomain_ttl, micros(limit), std::move(answer));
}

void Dial::connect(const net::Address& address) {
    state_ = State::kConnect;
    address_ = address;
    const auto& c = context_.config();
    auto fd = net::start_connect(address, {c.tcp_keepalive, c.tcp_keepcnt, c.tcp_keepidle, c.tcp_keepintvl, c.tcp_user_timeout});
    if (!fd) {
        address_failed("connect failed", fd.error());
        return;
    }
    channel_ = std::make_shared<Channel>(context_.io, std::move(*fd));
    limit_step("connect timeout");
    channel_->connected([this, self = shared_from_this(), channel = channel_](bool broken) {
        if (channel == channel_) {
            on_connected(broken);
        }
    });
}

ServerLogin Dial::make_login() const {
    const auto& database = settings_->database;
    ServerLogin::Options options{settings_->server_user, database.dbname, {}, database.connect_query};
    const auto add = [&options](const char* name, const std::string& value) {
        if (!value.empty()) {
            options.parameters.emplace_back(name, value);
        }
    };
    add("client_encoding", database.client_encoding);
    add("datestyle", database.datestyle);
    add("timezone", database.timezone);
    add("application_name", database.application_name);
    return {std::move(options), std::make_unique<auth::ServerAuthenticator>(settings_->server_user, settings_->credentials)};
}

void Dial::on_connected(bool broken) {
    if (auto connected = net::connect_error(channel_->fd()); broken || !connected) {
        address_failed("connect failed", connected ? Error{"connect failed", sqlstate::kConnectionFailure} : connected.error());
        return;
    }
    if (context_.config().log_connections) {
        const auto local = net::local_of(channel_->fd());
        log::info("{} new connection to server (from {}:{})", describe(), local.host(), local.port());
    }
    state_ = State::kLogin;
    login_.emplace(make_login());
    // A StartupMessage fits the empty buffer of a new socket.
    if (channel_->send(login_->startup_bytes()) != Channel::Sent::kAll) {
        address_failed("connect failed", Error{"the server closed the connection at once", sqlstate::kConnectionFailure});
        return;
    }
    read_more();
}

void Dial::read_more() {
    channel_->read([this, self = shared_from_this(), channel = channel_](Channel::Read read) {
        if (channel != channel_ || state_ != State::kLogin) {
            return;
        }
        if (read.lost) {
            address_failed("server conn crashed?", Error{"server conn crashed?", sqlstate::kConnectionFailure});
            return;
        }
        in_.append(read.bytes);
        on_bytes();
    });
}

void Dial::on_bytes() {
    auto step = login_->on_bytes(in_);
    if (!step) {
        on_login_error(step.error());
        return;
    }
    on_step(std::move(*step));
}

void Dial::on_step(ServerLogin::Step step) {
    in_.erase(0, step.consumed);
    if (!step.send.empty() && channel_->send(step.send) != Channel::Sent::kAll) {
        address_failed("server conn crashed?", Error{"server conn crashed?", sqlstate::kConnectionFailure});
        return;
    }
    if (step.derivation) {
        derive(std::move(step.derivation));
        return;
    }
    if (!step.ready) {
        read_more();
        return;
    }
    if (!in_.empty()) {  // nobody has asked it anything
        address_failed("login failed", Error{"the server sent more than a login's end", sqlstate::kConnectionFailure});
        return;
    }
    if (!login_->connect_query_error().empty()) {
        log::warning("{} error while executing connect_query: {}", describe(), login_->connect_query_error());
    }
    state_ = State::kEnded;
    context_.deadlines.drop(limit_);
    dialer_.succeeded(*this);
}

void Dial::derive(std::function<void()> derivation) {
    state_ = State::kDerive;
    context_.derivations.add(
        Derivations::For::kServer,
        [&io = context_.io, step = step_, derivation = std::move(derivation), self = shared_from_this()]() mutable {
            derivation();
            net::asio::post(io, [step, self = std::move(self)] {
                if (self->step_ == step && self->state_ == State::kDerive) {
                    self->state_ = State::kLogin;
                    self->on_bytes();
                }
            });
        }
    );
}

void Dial::on_login_error(const Error& error) {
    switch (login_->why()) {
        case ServerLogin::Failure::kRefused:
            // "Starting up", "shutting down", a standby that takes no connections: it may soon, and another host may now.
            if (error.sqlstate == sqlstate::kCannotConnectNow) {
                log::warning("{} server login failed: FATAL {}", describe(), error.message);
                address_failed(error.message, error);
                return;
            }
            log::warning("{} server login failed: FATAL {}", describe(), error.message);
            log_end(error.message);
            state_ = State::kEnded;
            context_.deadlines.drop(limit_);
            dialer_.refused(*this, error);
            return;
        case ServerLogin::Failure::kNoPassword:
            log::warning("{} server login failed: {}", describe(), error.message);
            log_end("login failed");
            state_ = State::kEnded;
            context_.deadlines.drop(limit_);
            dialer_.refused(*this, Error{"server login failed: wrong password type", sqlstate::kProtocolViolation});
            return;
        case ServerLogin::Failure::kBroken:
        case ServerLogin::Failure::kNone:
            address_failed("login failed", error);
            return;
    }
}

void Dial::address_failed(std::string_view reason, Error error) {
    log_end(reason);
    last_error_ = std::move(error);
    const auto self = shared_from_this();
    try_next();
}

void Dial::give_up() {
    state_ = State::kEnded;
    ++step_;
    context_.deadlines.drop(limit_);
    if (channel_) {
        channel_->close();
        channel_.reset();
    }
    order_.place = {};
}

registry::ServerSeed Dial::make_seed() {
    const auto& tracked = context_.runtime->tracked;
    auto parameters = std::make_shared<session::ParameterSet>();
    parameters->values.resize(tracked.names().size());
    for (const auto& [name, value] : welcome().parameters) {
        if (const int index = tracked.index_of(name); index >= 0) {
            parameters->values[static_cast<std::size_t>(index)] = value;
        }
    }
    registry::ServerSeed seed;
    seed.fd = channel_->release();
    seed.place = std::move(order_.place);
    seed.epoch = order_.epoch;
    seed.address = address_;
    seed.process_id = welcome().process_id;
    seed.secret_key = welcome().secret_key;
    seed.parameters = std::move(parameters);
    seed.id = id_;
    seed.connected_at = began_;
    return seed;
}

std::string Dial::describe() const {
    return fmt::format(
        "S-{:#x}: {}/{}@{}:{}", id_, pool_->database->name, pool_->user->name, address_.size > 0 ? address_.host() : "unknown",
        address_.size > 0 ? address_.port() : 0
    );
}

void Dial::log_end(std::string_view reason) const {
    if (context_.config().log_disconnections) {
        log::info("{} closing because: {} {}", describe(), reason, age_of(began_, context_.now()));
    }
}

}  // namespace cenote::gate
