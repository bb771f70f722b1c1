// Opening a server connection: address, connect, login, first ReadyForQuery.
#include "dataplane/base/log.hpp"
#include "dataplane/protocol/sqlstate.hpp"
#include "dataplane/worker/worker.hpp"

#include <sys/epoll.h>

namespace cenote::worker {
namespace {

std::vector<std::string> split_hosts(const std::string& hosts) {
    std::vector<std::string> all;
    std::size_t from = 0;
    while (from <= hosts.size()) {
        const auto comma = std::min(hosts.find(',', from), hosts.size());
        auto host = hosts.substr(from, comma - from);
        const auto first = host.find_first_not_of(' ');
        all.push_back(first == std::string::npos ? "" : host.substr(first, host.find_last_not_of(' ') - first + 1));
        from = comma + 1;
    }
    return all;
}

}  // namespace

// REQUIRES: the ledger counts it as opening, and its places in the database's and the user's limits are taken.
void Worker::connect_server(SharedPool& pool) {
    // Before the settings are read: a reload in between, or while the name is asked for, makes the connection obsolete.
    const std::uint32_t epoch = pool.epoch;
    const auto& database = pool.settings().database;
    std::size_t turn = 0;
    {
        const std::lock_guard lock(pool.mutex);
        turn = pool.next_address++;
    }
    const auto hosts = split_hosts(database.host);
    std::string host = hosts[turn % hosts.size()];
    if (host.empty()) {
        host = config().unix_socket_dir.empty() ? "/tmp" : config().unix_socket_dir;  // PgBouncer's rule
    }
    if (const auto address = net::literal_address(host, database.port)) {
        connect_to(pool, *address, epoch);
        return;
    }
    process_.resolve(host, database.port, [this, &pool, turn, epoch](Result<std::vector<net::Address>> addresses) {
        loop_.post([this, &pool, turn, epoch, addresses = std::move(addresses)] {
            if (addresses && !addresses->empty()) {
                connect_to(pool, (*addresses)[turn % addresses->size()], epoch);
                return;
            }
            {
                const std::lock_guard lock(pool.mutex);
                pool.ledger.connect_failed();
            }
            connect_failed(pool, addresses ? Error{"server DNS lookup failed", protocol::sqlstate::kConnectionFailure} : addresses.error());
            give_back_places(pool);
        });
    });
}

void Worker::connect_to(SharedPool& pool, const net::Address& address, std::uint32_t epoch) {
    const auto& c = config();
    auto fd = net::start_connect(address, {c.tcp_keepalive, c.tcp_keepcnt, c.tcp_keepidle, c.tcp_keepintvl, c.tcp_user_timeout});
    if (!fd) {
        {
            const std::lock_guard lock(pool.mutex);
            pool.ledger.connect_failed();
        }
        connect_failed(pool, fd.error());
        give_back_places(pool);
        return;
    }
    auto* server = new ServerConnection;  // owned by servers_, and by whichever worker it moves to
    server->fd = fd->release();
    server->pool = &pool;
    server->worker = id_;
    server->epoch = epoch;
    server->address = address;
    server->connected_at = now_;
    server->id = process_.next_id++;
    server->place = servers_.size();
    servers_.push_back(server);
    server->armed = EPOLLOUT;
    loop_.add(server->fd, Watched::kServer, server, server->armed);
    next_tick_ = std::min(next_tick_, now_ + std::chrono::milliseconds(100));
}

void Worker::on_connecting(ServerConnection& server) {
    SharedPool& pool = *server.pool;
    if (auto connected = net::connect_error(server.fd); !connected) {
        close_server(server, "connect failed");
        connect_failed(pool, connected.error());
        return;
    }
    const PoolSettings& settings = pool.settings();
    const auto& database = settings.database;
    session::ServerLogin::Options options{settings.server_user, database.dbname, {}};
    const auto add = [&options](const char* name, const std::string& value) {
        if (!value.empty()) {
            options.parameters.emplace_back(name, value);
        }
    };
    add("client_encoding", database.client_encoding);
    add("datestyle", database.datestyle);
    add("timezone", database.timezone);
    add("application_name", database.application_name);
    server.login = std::make_unique<session::ServerLogin>(
        std::move(options), std::make_unique<auth::ServerAuthenticator>(settings.server_user, settings.credentials)
    );
    server.state = ServerState::kLogin;
    arm_server(server, EPOLLIN | EPOLLRDHUP);
    if (config().log_connections) {
        const auto local = net::local_of(server.fd);
        log::info("{} new connection to server (from {}:{})", describe(server), local.host(), local.port());
    }
    if (send_bytes(server.fd, server.out, server.login->startup_bytes()) != Sent::kAll) {
        close_server(server, "connect failed");
        connect_failed(pool, Error{"the server closed the connection at once", protocol::sqlstate::kConnectionFailure});
    }
}

void Worker::read_server_login(ServerConnection& server) {
    SharedPool& pool = *server.pool;
    const Read got = read_some(server.fd, server.in);
    if (got.lost) {
        close_server(server, "server conn crashed?");
        connect_failed(pool, Error{"server conn crashed?", protocol::sqlstate::kConnectionFailure});
        return;
    }
    if (got.fresh == 0) {
        return;
    }
    auto step = server.login->on_bytes(got.bytes);
    if (!step) {
        close_server(server, "login failed");
        connect_failed(pool, step.error());
        return;
    }
    keep(server.in, got.bytes.substr(step->consumed));
    if (!step->send.empty() && send_bytes(server.fd, server.out, step->send) != Sent::kAll) {
        close_server(server, "login failed");
        connect_failed(pool, Error{"server conn crashed?", protocol::sqlstate::kConnectionFailure});
        return;
    }
    if (step->ready) {
        server_ready(server);
    }
}

void Worker::server_ready(ServerConnection& server) {
    SharedPool& pool = *server.pool;
    const auto welcome = server.login->welcome();
    server.login.reset();
    server.process_id = welcome.process_id;
    server.secret_key = welcome.secret_key;
    auto parameters = std::make_shared<session::ParameterSet>();
    parameters->values.resize(runtime_->tracked.names().size());
    for (const auto& [name, value] : welcome.parameters) {
        if (const int index = runtime_->tracked.index_of(name); index >= 0) {
            parameters->values[static_cast<std::size_t>(index)] = value;
        }
    }
    server.parameters = parameters;
    {
        const std::lock_guard lock(pool.mutex);
        pool.ledger.connected();
        pool.last_connect_failed = false;
        pool.retry_at = {};
        pool.last_error.clear();
        if (!pool.welcome) {
            pool.welcome = std::make_shared<const std::vector<std::pair<std::string, std::string>>>(welcome.parameters);
        }
    }
    server.state = ServerState::kActive;
    if (const auto& query = pool.settings().database.connect_query; !query.empty()) {
        start_job(server, ServerJob::kConnectQuery, query);
        return;
    }
    put_back(server);
}

void Worker::connect_failed(SharedPool& pool, const Error& error) {
    std::vector<ClientConnection*> refused;
    {
        const std::lock_guard lock(pool.mutex);
        pool.last_connect_failed = true;
        pool.last_error = error.message;
        pool.last_sqlstate = error.sqlstate;
        pool.retry_at = now_ + pool.settings().server_login_retry;
        // With no server at all, nobody who waits for a welcome will get one soon: they are told why. Others keep waiting
        // (query_wait_timeout).
        if (pool.ledger.total() == 0) {
            while (pool::Waiter* waiter = pool.ledger.head()) {
                auto* client = static_cast<ClientConnection*>(waiter);
                if (!client->waits_for_welcome) {
                    break;
                }
                static_cast<void>(pool.ledger.cancel(*waiter));
                refused.push_back(client);
            }
        }
    }
    log::warning("{}/{}: server connection failed: {}", pool.database.name, pool.user.name, error.message);
    for (ClientConnection* client : refused) {
        send_unserved(*client, Why::kFailed, error);
    }
}

// A connection's places in the limits are free: pools that share them and have waiters try again.
void Worker::give_back_places(SharedPool& pool) {
    pool.database.servers.give_back();
    pool.user.servers.give_back();
    if (pool.database.servers.limit() == 0 && pool.user.servers.limit() == 0) {
        return;
    }
    for (SharedPool* other : process_.registry.pools()) {
        if (&other->database != &pool.database && &other->user != &pool.user) {
            continue;
        }
        bool hungry = false;
        {
            const std::lock_guard lock(other->mutex);
            hungry = other->ledger.waiting() > 0;
        }
        if (hungry) {
            Worker& keeper = *process_.workers[other->index % process_.workers.size()];
            keeper.post([&keeper, other] { keeper.open_connections(*other); });
        }
    }
}

}  // namespace cenote::worker
