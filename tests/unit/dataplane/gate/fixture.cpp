#include "tests/unit/dataplane/gate/fixture.hpp"

#include "dataplane/protocol/frame.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace cenote::gate {

using std::string_literals::operator""s;

bool Wire::send(std::string_view bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(bytes.size());
}

bool Wire::receive() {
    std::array<char, 8192> buffer{};
    while (fd_.open() && !ended_) {
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got > 0) {
            got_.append(buffer.data(), static_cast<std::size_t>(got));
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        ended_ = true;
        reset_ = got < 0;
    }
    return !ended_;
}

ScriptedServer::ScriptedServer() {
    auto fd = net::listen_on(*net::literal_address("127.0.0.1", 0), 64, false, 0);
    EXPECT_TRUE(fd);
    listener_ = std::move(*fd);
    port_ = net::local_of(listener_.get()).port();
}

void ScriptedServer::poll() {
    while (true) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            break;
        }
        ++accepted;
        clients.push_back({Wire(net::Fd(fd))});
    }
    for (auto& client : clients) {
        if (client.wire.open()) {
            serve(client);
        }
    }
}

void ScriptedServer::serve(Client& client) {
    if (mode == Mode::kHangUp) {
        client.wire.close();
        return;
    }
    const bool alive = client.wire.receive();
    const std::string& got = client.wire.got();
    if (client.step == 0) {
        std::size_t size = 0;
        const auto packet = protocol::parse_startup_packet(got, size);
        if (packet && std::holds_alternative<protocol::CancelRequest>(*packet)) {
            client.cancel = true;
            client.step = 9;
            cancels.push_back(std::get<protocol::CancelRequest>(*packet));
        } else if (packet && std::holds_alternative<protocol::StartupMessage>(*packet)) {
            static_cast<void>(client.wire.take());
            client.step = 1;
            protocol::MessageWriter out;
            switch (mode) {
                case Mode::kRefuse:
                    protocol::write_error(out, "FATAL", "28000", "no pg_hba.conf entry");
                    break;
                case Mode::kStarting:
                    protocol::write_error(out, "FATAL", "57P03", "the database system is starting up");
                    break;
                case Mode::kScram:
                    out.message('R', "\0\0\0\x0aSCRAM-SHA-256\0\0"s);
                    break;
                case Mode::kHangUpLater:
                    client.wire.close();
                    return;
                case Mode::kServe:
                    out.message('R', "\0\0\0\0"s);
                    for (const auto& [name, value] : parameters) {
                        protocol::write_parameter_status(out, name, value);
                    }
                    out.message('K', "\0\0\0\7\0\0\0\x09"s);
                    protocol::write_ready_for_query(out, 'I');
                    break;
                case Mode::kSilent:
                case Mode::kHangUp:
                    break;
            }
            static_cast<void>(client.wire.send(out.data()));
        }
    } else if (client.step == 1 && mode == Mode::kScram && got.size() > protocol::kHeaderSize) {
        const auto nonce = got.find("r=");
        protocol::MessageWriter out;
        out.message('R', "\0\0\0\x0b"s + got.substr(nonce) + scram_first);
        static_cast<void>(client.wire.take());
        static_cast<void>(client.wire.send(out.data()));
        client.step = 2;
    } else if (client.step == 1 && mode == Mode::kServe && got.starts_with('Q')) {
        static_cast<void>(client.wire.take());
        protocol::MessageWriter out;
        protocol::write_parameter_status(out, "TimeZone", "Europe/Berlin");
        protocol::write_command_complete(out, "SET");
        protocol::write_ready_for_query(out, 'I');
        static_cast<void>(client.wire.send(out.data()));
    }
    if ((client.cancel && !hold_cancels) || !alive) {
        client.wire.close();
    }
}

std::string GateTest::user_list = "\"u\" \"secret\"\n\"admin\" \"secret\"\n\"stats\" \"secret\"\n";

GateTest::GateTest(Options options) {
    config.auth_type = config::AuthType::kTrust;
    config.admin_users = {"admin"};
    config.stats_users = {"stats"};
    config.unix_socket_dir.clear();
    config::Database d;
    d.name = d.dbname = "d";
    d.host = "127.0.0.1";
    d.port = server.port();
    config.databases["d"] = d;
    config.log_connections = config.log_disconnections = config.log_pooler_errors = false;
    process.clients.set_limit(100);
    process.version_number = "1.26.0";
    process.ports.dial = [this](registry::DialOrder order) { gate->dial(std::move(order)); };
    process.ports.cancel = [this](registry::CancelOrder order) { gate->cancel(std::move(order)); };
    process.ports.look_after = [this](registry::PoolRef pool) { looked_after.push_back(std::move(pool)); };
    process.ports.evict = [](registry::PoolRef, pool::WorkerId) {};
    process.ports.admin_cancel = [this](std::uint64_t id) { cancelled.push_back(id); };
    process.ports.admin_query = [this](std::uint64_t id, bool admin, std::string sql) { queries.push_back({id, admin, std::move(sql)}); };
    for (std::size_t i = 0; i < process.workers.size(); ++i) {
        auto& worker = process.workers[i];
        worker.adopt_client = [this, i](registry::ClientSeed seed) {
            clients.push_back(std::move(seed));
            client_workers.push_back(i);
        };
        worker.adopt_server = [this, i](registry::ServerSeed seed) {
            servers.push_back(std::move(seed));
            server_workers.push_back(i);
        };
        worker.find_cancel = [this](std::uint32_t slot, std::int32_t secret, auto found) { find(slot, secret, std::move(found)); };
        worker.refuse_waiting = [this](registry::PoolRef pool, Error error) { refused.push_back({std::move(pool), std::move(error)}); };
    }
    apply(config);
    options.clock = [this] { return now; };
    gate = std::make_unique<Gate>(
        process, runtime,
        [this](const std::string& host, int port, auto, auto, auto, net::Resolver::Answer answer) {
            const auto found = names.find(host);
            if (found == names.end()) {
                unanswered.push_back(std::move(answer));
            } else if (!found->second) {
                answer(found->second.error());
            } else {
                auto addresses = *found->second;
                for (auto& address : addresses) {
                    address = *net::literal_address(address.host(), port);
                }
                answer(std::move(addresses));
            }
        },
        options
    );
}

GateTest::~GateTest() {
    gate->stop();
    clients.clear();
    servers.clear();
    looked_after.clear();
    refused.clear();
    expect_nothing_left();
}

void GateTest::apply(config::Config fresh) {
    config = std::move(fresh);
    auto users = std::make_shared<const auth::UserList>(*auth::UserList::parse(user_list, "users"));
    runtime = std::make_shared<const registry::Runtime>(registry::Runtime{
        std::make_shared<const config::Config>(config), std::move(users), session::TrackedNames({"IntervalStyle"}), "", ""
    });
    process.registry.apply(runtime);
    if (gate) {
        gate->set_runtime(runtime);
        settle();
    }
}

std::unique_ptr<Wire> GateTest::connect(bool is_unix, const std::string& host) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    auto wire = std::make_unique<Wire>(net::Fd(ends[0]));
    gate->clients().on_accepted(net::Fd(ends[1]), *net::literal_address(host, 4711), is_unix);
    return wire;
}

std::string GateTest::startup(std::vector<std::pair<std::string, std::string>> parameters) {
    protocol::StartupMessage message;
    message.parameters = std::move(parameters);
    protocol::MessageWriter out;
    protocol::write_startup_message(out, message);
    return out.take();
}

std::unique_ptr<Wire> GateTest::log_in(const std::string& user, const std::string& database) {
    auto wire = connect();
    EXPECT_TRUE(wire->send(startup({{"user", user}, {"database", database}})));
    return wire;
}

void GateTest::turn() {
    gate->context().io.run_one_for(std::chrono::milliseconds(1));
    gate->context().io.poll();
    server.poll();
}

void GateTest::settle() {
    for (int i = 0; i < 10; ++i) {
        gate->context().io.poll();
        server.poll();
    }
}

void GateTest::pass(Duration time) {
    now += time;
    gate->context().deadlines.run(now);
    settle();
}

void GateTest::keep_pools() {
    for (const auto& pool : std::exchange(looked_after, {})) {
        registry::open_connections(pool, now);
    }
    settle();
}

std::string GateTest::fatal_in(const std::string& bytes) {
    std::string_view rest = bytes;
    while (rest.size() >= protocol::kHeaderSize) {
        const auto header = protocol::read_header(rest);
        if (header.type == 'E') {
            const auto fields = protocol::parse_error(rest.substr(protocol::kHeaderSize, header.length - 4));
            return fields.severity + " " + fields.sqlstate + " " + fields.message;
        }
        rest.remove_prefix(std::min<std::size_t>(rest.size(), static_cast<std::size_t>(header.total())));
    }
    return "";
}

void GateTest::expect_nothing_left() {
    for (const auto& one : process.registry.pools()) {
        EXPECT_EQ(one->ledger.total(), 0U);
        EXPECT_EQ(one->database->servers.used(), 0);
        EXPECT_EQ(one->user->servers.used(), 0);
        EXPECT_EQ(one->waiting_at_gate, 0U);
        EXPECT_EQ(one->clients.load(), 0);
        EXPECT_EQ(one->database->clients.used(), 0);
    }
    for (const auto& user : process.registry.users()) {
        EXPECT_EQ(user->clients.used(), 0);
    }
    EXPECT_EQ(process.clients.used(), 0);
    EXPECT_EQ(gate->dialer().under_way(), 0U);
    EXPECT_EQ(gate->canceller().under_way(), 0U);
    EXPECT_EQ(gate->login_count(), 0);
    EXPECT_EQ(gate->console_count(), 0);
}

}  // namespace cenote::gate
