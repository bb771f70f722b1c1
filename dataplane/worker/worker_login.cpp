// A client from accept to its first ReadyForQuery.
#include "dataplane/auth/crypto.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>

#include <span>

namespace cenote::worker {
namespace {

namespace sqlstate = protocol::sqlstate;

auth::AuthMethod method_of(config::AuthType type) {
    switch (type) {
        case config::AuthType::kAny:
            return auth::AuthMethod::kAny;
        case config::AuthType::kTrust:
            return auth::AuthMethod::kTrust;
        case config::AuthType::kPlain:
            return auth::AuthMethod::kPlain;
        case config::AuthType::kMd5:
            return auth::AuthMethod::kMd5;
        default:
            return auth::AuthMethod::kScramSha256;  // the loader refuses the kinds that are not there yet
    }
}

}  // namespace

void Worker::on_accepted(int fd) {
    auto client = std::make_unique<ClientConnection>();
    const auto& c = config();
    net::set_up_client(
        fd, net::local_of(fd).is_unix(), {c.tcp_keepalive, c.tcp_keepcnt, c.tcp_keepidle, c.tcp_keepintvl, c.tcp_user_timeout}
    );
    client->fd = fd;
    client->worker = id_;
    client->connected_at = now_;
    client->request_at = now_;
    client->id = process_.next_id++;
    auth::random_bytes(std::span(reinterpret_cast<std::uint8_t*>(&client->secret), sizeof client->secret));
    client->login = std::make_unique<ClientLogin>();
    if (free_slots_.empty()) {
        client->slot = static_cast<std::uint32_t>(clients_.size());
        clients_.push_back(nullptr);
    } else {
        client->slot = free_slots_.back();
        free_slots_.pop_back();
    }
    ClientConnection* raw = client.release();
    clients_[raw->slot] = raw;
    raw->previous_login = last_login_;
    (last_login_ != nullptr ? last_login_->next_login : first_login_) = raw;
    last_login_ = raw;
    login_count_.fetch_add(1, std::memory_order_relaxed);
    raw->armed = EPOLLIN | EPOLLRDHUP;
    loop_.add(fd, Watched::kClient, raw, raw->armed);
    next_tick_ = std::min(next_tick_, now_ + std::chrono::milliseconds(200));
}

void Worker::leave_login_list(ClientConnection& client) {
    if (client.previous_login == nullptr && client.next_login == nullptr && first_login_ != &client) {
        return;
    }
    (client.previous_login != nullptr ? client.previous_login->next_login : first_login_) = client.next_login;
    (client.next_login != nullptr ? client.next_login->previous_login : last_login_) = client.previous_login;
    client.previous_login = client.next_login = nullptr;
    login_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::read_login(ClientConnection& client) {
    const Read got = read_some(client.fd, client.in);
    if (got.lost) {
        close_client(client, "client unexpected eof");
        return;
    }
    std::string_view rest = got.bytes;
    while (client.state == ClientState::kStartup) {
        std::size_t size = 0;
        const auto packet = protocol::parse_startup_packet(rest, size);
        if (!packet) {
            disconnect(client, sqlstate::kProtocolViolation, packet.error().message);
            return;
        }
        if (std::holds_alternative<protocol::NeedMore>(*packet)) {
            break;
        }
        rest.remove_prefix(size);
        if (!on_startup_packet(client, *packet, !rest.empty())) {
            return;
        }
    }
    while (client.state == ClientState::kAuth && rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (header.type != protocol::frontend::kPasswordMessage || !header.valid() || header.length > auth::kMaxAuthResponse + 4) {
            disconnect(client, sqlstate::kProtocolViolation, "unexpected message during authentication");
            return;
        }
        if (rest.size() < header.total()) {
            break;
        }
        const auto body = rest.substr(protocol::kHeaderSize, header.length - 4);
        rest.remove_prefix(static_cast<std::size_t>(header.total()));
        on_auth_step(client, client.login->authenticator->on_response(body));
    }
    if (client.state != ClientState::kClosed) {
        keep(client.in, rest);
        if (client.state == ClientState::kIdle && client.in) {  // sent along with the password: legal, if rare
            resume(client);
        } else if (client.state == ClientState::kAdmin) {
            if (const auto kept = std::move(client.in)) {
                process_admin(client, *kept);
            }
        }
    }
}

// False: the client is gone.
bool Worker::on_startup_packet(ClientConnection& client, const protocol::StartupPacket& packet, bool bytes_follow) {
    ClientLogin& login = *client.login;
    if (const auto* cancel = std::get_if<protocol::CancelRequest>(&packet)) {
        route_cancel(*cancel);
        close_client(client, "cancel request");
        return false;
    }
    if (const auto* message = std::get_if<protocol::StartupMessage>(&packet)) {
        begin_login(client, *message);
        return client.state != ClientState::kClosed;
    }
    bool& asked = std::holds_alternative<protocol::SslRequest>(packet) ? login.ssl_asked : login.gss_asked;
    // Bytes behind an encryption request were sent before its answer: an attacker's, or a broken client's (CVE-2021-3935).
    if (asked || bytes_follow) {
        disconnect(client, sqlstate::kProtocolViolation, "unexpected data after an encryption request");
        return false;
    }
    asked = true;
    if (send_bytes(client.fd, client.out, "N") != Sent::kAll) {
        close_client(client, "client unexpected eof");
        return false;
    }
    return true;
}

void Worker::begin_login(ClientConnection& client, const protocol::StartupMessage& message) {
    ClientLogin& login = *client.login;
    const auto peer = config().application_name_add_host ? net::peer_of(client.fd) : net::Address{};
    auto identity = session::read_startup(
        message, runtime_->tracked, config().ignore_startup_parameters, peer.size > 0 ? fmt::format("{}:{}", peer.host(), peer.port()) : ""
    );
    if (!identity) {
        disconnect(client, identity.error().sqlstate, identity.error().message);
        return;
    }
    login.identity = std::move(*identity);
    if (login.identity.negotiate) {
        protocol::MessageWriter out;
        protocol::write_negotiate_protocol_version(out, login.identity.unknown_options);
        static_cast<void>(send_bytes(client.fd, client.out, out.data()));
    }
    if (login.identity.database == kConsoleDatabase) {
        if (!admit_console(client, login.identity)) {
            return;
        }
        login.is_admin = true;
        begin_authentication(client);
        return;
    }
    if (login.identity.replication) {
        disconnect(client, sqlstate::kFeatureNotSupported, "replication connections are not supported");
        return;
    }
    if (process_.shutting_down) {
        disconnect(client, sqlstate::kAdminShutdown, "pooler is shutting down");
        return;
    }
    const auto database = config().resolve_database(login.identity.database);
    if (!database) {
        disconnect(client, sqlstate::kInvalidCatalogName, fmt::format("no such database: {}", login.identity.database));
        return;
    }
    if (process_.registry.database(*runtime_, *database).disabled) {
        disconnect(client, sqlstate::kCannotConnectNow, fmt::format("database \"{}\" is disabled", login.identity.database));
        return;
    }
    if (!process_.clients.try_take()) {
        disconnect(client, sqlstate::kTooManyConnections, "no more connections allowed (max_client_conn)");
        return;
    }
    client.counts_in_limits = true;
    begin_authentication(client);
}

void Worker::begin_authentication(ClientConnection& client) {
    ClientLogin& login = *client.login;
    client.state = ClientState::kAuth;
    if (login.needs_no_password) {
        authenticated(client);
        return;
    }
    login.authenticator = auth::make_client_authenticator(
        method_of(config().auth_type), login.identity.user, runtime_->users->find(login.identity.user), config().scram_iterations
    );
    on_auth_step(client, login.authenticator->start());
}

void Worker::on_auth_step(ClientConnection& client, const auth::Step& step) {
    switch (step.kind) {
        case auth::Step::Kind::kSend: {
            protocol::MessageWriter out;
            out.message(protocol::backend::kAuthentication, step.payload);
            if (send_bytes(client.fd, client.out, out.data()) == Sent::kBroken) {
                close_client(client, "client unexpected eof");
            }
            return;
        }
        case auth::Step::Kind::kRejected:
            if (!step.log.empty()) {
                log::info("{} {}", describe(client), step.log);
            }
            disconnect(client, step.error.sqlstate, step.error.message);
            return;
        case auth::Step::Kind::kAccepted:
            client.login->final_payload = step.payload;
            authenticated(client);
            return;
    }
}

void Worker::authenticated(ClientConnection& client) {
    ClientLogin& login = *client.login;
    if (login.is_admin) {
        welcome_console(client);
        return;
    }
    const auto database = config().resolve_database(login.identity.database);
    if (!database) {  // a reload came between
        disconnect(client, sqlstate::kInvalidCatalogName, fmt::format("no such database: {}", login.identity.database));
        return;
    }
    SharedPool& pool = process_.registry.pool(*runtime_, *database, login.identity.user);
    if (!pool.database.clients.try_take()) {
        disconnect(client, sqlstate::kTooManyConnections, "no more connections allowed (max_db_client_connections)");
        return;
    }
    if (!pool.user.clients.try_take()) {
        pool.database.clients.give_back();
        disconnect(client, sqlstate::kTooManyConnections, "no more connections allowed (max_user_client_connections)");
        return;
    }
    client.pool = &pool;
    pool.clients.fetch_add(1, std::memory_order_relaxed);
    if (login.identity.user != pool.user.name) {
        client.user = std::make_unique<std::string>(login.identity.user);
    }
    client.state = ClientState::kWelcome;
    leave_login_list(client);  // from here query_wait_timeout counts
    bool known = false;
    Error failure;
    {
        const std::lock_guard lock(pool.mutex);
        known = pool.welcome != nullptr;
        if (pool.last_connect_failed && pool.ledger.total() == 0 && now_ < pool.retry_at) {
            failure = Error{
                fmt::format("server login has been failing, cached error: {} (server_login_retry)", pool.last_error), pool.last_sqlstate
            };
        }
        client.waits_for_welcome = !known;
    }
    if (known) {
        finish_login(client);
    } else if (!failure.message.empty()) {
        disconnect(client, failure.sqlstate, failure.message);
    } else if (acquire(client)) {
        resume(client);
    }
}

void Worker::write_authentication_ok(const ClientConnection& client, protocol::MessageWriter& out) const {
    if (!client.login->final_payload.empty()) {
        out.message(protocol::backend::kAuthentication, client.login->final_payload);
    }
    out.message(protocol::backend::kAuthentication, std::string_view("\0\0\0\0", 4));
}

// The key names worker and slot, so that a cancel request finds its client at once; the secret makes it unguessable.
void Worker::write_key_and_ready(const ClientConnection& client, protocol::MessageWriter& out) const {
    out.begin(protocol::backend::kBackendKeyData);
    out.int32(static_cast<std::int32_t>((static_cast<std::uint32_t>(id_) << 24U) | (client.slot + 1)));
    out.int32(client.secret);
    out.end();
    protocol::write_ready_for_query(out, 'I');
}

// AuthenticationOk, the parameters, the cancel key, ReadyForQuery. The parameters are the server's, under what the client asked for.
void Worker::finish_login(ClientConnection& client) {
    SharedPool& pool = *client.pool;
    const auto& wanted = *client.login->identity.parameters;
    auto set = std::make_shared<session::ParameterSet>();
    set->values.resize(runtime_->tracked.names().size());
    protocol::MessageWriter out;
    write_authentication_ok(client, out);
    std::shared_ptr<const std::vector<std::pair<std::string, std::string>>> welcome;
    {
        const std::lock_guard lock(pool.mutex);
        welcome = pool.welcome;
        client.waits_for_welcome = false;
    }
    for (std::size_t i = 0; i < wanted.values.size(); ++i) {
        set->values[i] = wanted.values[i];
    }
    for (const auto& [name, value] : *welcome) {
        const int index = runtime_->tracked.index_of(name);
        if (index < 0) {
            protocol::write_parameter_status(out, name, value);
            continue;
        }
        auto& mine = set->values[static_cast<std::size_t>(index)];
        if (mine.empty()) {
            mine = value;
        }
        protocol::write_parameter_status(out, name, mine);
    }
    {
        const std::lock_guard lock(pool.mutex);
        if (!pool.common_parameters || *pool.common_parameters != *set) {
            pool.common_parameters = std::move(set);
        }
        client.parameters = pool.common_parameters;
    }
    write_key_and_ready(client, out);
    if (config().log_connections) {
        log::info("{} login attempt: db={} user={} tls=no", describe(client), pool.database.name, client.login->identity.user);
    }
    client.state = ClientState::kIdle;
    client.login.reset();
    stats_of(pool).client_login_count.add(1);
    if (send_bytes(client.fd, client.out, out.data()) == Sent::kBroken) {
        close_client(client, "client unexpected eof");
        return;
    }
    arm_client(client, EPOLLIN | EPOLLRDHUP | (client.out ? static_cast<std::uint32_t>(EPOLLOUT) : 0U));
}

}  // namespace cenote::worker
