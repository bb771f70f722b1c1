// Logins through the gate: what a client reads, what a worker gets, and that nothing is left over however a login ends.
#include "tests/unit/dataplane/gate/fixture.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace cenote::gate {
namespace {

using std::string_literals::operator""s;

TEST_F(GateTest, TheFirstLoginWaitsForAServerAndIsToldItsParameters) {
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1 && servers.size() == 1; }));
    wire->receive();
    const auto& told = wire->got();
    EXPECT_TRUE(told.starts_with("R\0\0\0\x08\0\0\0\0"s));
    EXPECT_NE(
        told.find("server_version\0"
                  "15.1\0"s),
        std::string::npos
    );
    EXPECT_TRUE(told.ends_with("Z\0\0\0\x05I"s));
    EXPECT_EQ(server.accepted, 1);
    EXPECT_EQ(servers[0].process_id, 7);
    EXPECT_EQ(servers[0].secret_key, 9);
    EXPECT_EQ(servers[0].parameters->values[2], "UTC");
    EXPECT_EQ(clients[0].admission.user().name, "u");
    EXPECT_EQ(process.workers[client_workers[0]].clients.load(), 1);
}

TEST_F(GateTest, TheSecondLoginIsFinishedAtOnceByTheOtherWorker) {
    auto first = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    auto second = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 2; }));
    EXPECT_NE(client_workers[0], client_workers[1]);
    EXPECT_EQ(server.accepted, 1);
}

TEST_F(GateTest, WhatTheClientNamedGoesBeforeWhatTheServerReported) {
    auto wire = connect();
    ASSERT_TRUE(wire->send(startup({{"user", "u"}, {"database", "d"}, {"TimeZone", "Asia/Tokyo"}})));
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    wire->receive();
    EXPECT_NE(wire->got().find("TimeZone\0Asia/Tokyo\0"s), std::string::npos);
    EXPECT_EQ(clients[0].parameters->values[2], "Asia/Tokyo");
    // What it did not name is as the server reported it: nothing that a client before it has set may reach it.
    EXPECT_EQ(clients[0].parameters->values[0], "UTF8");
}

TEST_F(GateTest, BytesBehindThePasswordReachTheWorker) {
    auto wire = connect();
    ASSERT_TRUE(wire->send(startup({{"user", "u"}, {"database", "d"}}) + "Q\0\0\0\6;\0"s));
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    EXPECT_EQ(clients[0].bytes, "Q\0\0\0\6;\0"s);
}

TEST_F(GateTest, ALoginCutAnywhereIsTheSameLogin) {
    auto warm = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    const auto message = startup({{"user", "u"}, {"database", "d"}});
    for (std::size_t cut = 1; cut < message.size(); ++cut) {
        auto wire = connect();
        ASSERT_TRUE(wire->send(message.substr(0, cut)));
        settle();
        EXPECT_EQ(gate->login_count(), 1);
        ASSERT_TRUE(wire->send(message.substr(cut)));
        ASSERT_TRUE(until([&] { return clients.size() == cut + 1; })) << cut;
        ASSERT_TRUE(clients.back().bytes.empty());
    }
}

TEST_F(GateTest, AClientThatLeavesAnywhereLeavesNothing) {
    server.mode = ScriptedServer::Mode::kSilent;
    const auto message = startup({{"user", "u"}, {"database", "d"}});
    for (std::size_t cut = 0; cut <= message.size(); ++cut) {
        auto wire = connect();
        ASSERT_TRUE(cut == 0 || wire->send(message.substr(0, cut)));
        settle();
        EXPECT_EQ(gate->login_count(), 1);
        wire->close();
        ASSERT_TRUE(until([&] { return gate->login_count() == 0; })) << cut;
        EXPECT_EQ(process.clients.used(), 0);
    }
    EXPECT_EQ(pool()->waiting_at_gate, 0U);
}

TEST_F(GateTest, UnknownDatabaseIsToldAfterAuthenticationAndMakesNoState) {
    auto wire = log_in("u", "nowhere");
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 3D000 no such database: nowhere");
    auto other = log_in("stranger", "nowhere");
    ASSERT_TRUE(until([&] { return !other->receive(); }));
    EXPECT_EQ(fatal_in(other->got()), "FATAL 28P01 \"trust\" authentication failed for user \"stranger\"");
    EXPECT_TRUE(process.registry.databases().empty());
    EXPECT_TRUE(process.registry.users().empty());
}

TEST_F(GateTest, NobodyMakesAPoolOfAnAutoDatabaseWithoutProof) {
    config.fallback_database = config.databases["d"];
    apply(config);
    auto wire = log_in("stranger", "auto");
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_TRUE(process.registry.databases().empty());
    EXPECT_TRUE(process.registry.pools().empty());
}

TEST_F(GateTest, Limits) {
    process.registry.apply(runtime);
    auto fresh = config;
    fresh.max_db_client_connections = 1;
    fresh.max_user_client_connections = 1;
    apply(fresh);
    auto first = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    auto second = log_in();
    ASSERT_TRUE(until([&] { return !second->receive(); }));
    EXPECT_EQ(fatal_in(second->got()), "FATAL 53300 no more connections allowed (max_db_client_connections)");
    fresh.max_db_client_connections = 0;
    apply(fresh);
    static_cast<void>(process.registry.database("d"));
    auto third = log_in();
    ASSERT_TRUE(until([&] { return !third->receive(); }));
    EXPECT_EQ(fatal_in(third->got()), "FATAL 53300 no more connections allowed (max_user_client_connections)");
    process.clients.set_limit(1);
    auto fourth = log_in();
    ASSERT_TRUE(until([&] { return !fourth->receive(); }));
    EXPECT_EQ(fatal_in(fourth->got()), "FATAL 53300 no more connections allowed (max_client_conn)");
}

TEST_F(GateTest, TheLoginUserCountsNotTheForcedOne) {
    auto fresh = config;
    fresh.databases["d"].user = "forced";
    fresh.max_user_client_connections = 1;
    apply(fresh);
    auto first = log_in("u");
    auto second = log_in("admin");
    ASSERT_TRUE(until([&] { return clients.size() == 2; }));
    EXPECT_EQ(clients[0].admission.pool().get(), clients[1].admission.pool().get());
    auto third = log_in("u");
    ASSERT_TRUE(until([&] { return !third->receive(); }));
    EXPECT_EQ(fatal_in(third->got()), "FATAL 53300 no more connections allowed (max_user_client_connections)");
}

TEST_F(GateTest, ShuttingDownAndDisabled) {
    auto state = process.registry.database("d");
    state->disabled = true;
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 57P03 database \"d\" is disabled");
    process.shutting_down = true;
    auto late = log_in();
    ASSERT_TRUE(until([&] { return !late->receive(); }));
    EXPECT_EQ(fatal_in(late->got()), "FATAL 57P01 pooler is shutting down");
}

TEST_F(GateTest, AFirstPacketOfImpossibleLengthGetsNoAnswer) {
    auto wire = connect();
    ASSERT_TRUE(wire->send("X\0\0\0\4"s));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(wire->got(), "");
}

TEST_F(GateTest, EncryptionRequestsAreAnsweredNo) {
    auto wire = connect();
    const auto ssl = "\0\0\0\x08\x04\xd2\x16\x2f"s;
    ASSERT_TRUE(wire->send(ssl));
    ASSERT_TRUE(until([&] { return wire->receive() && !wire->got().empty(); }));
    EXPECT_EQ(wire->take(), "N");
    ASSERT_TRUE(wire->send(ssl));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 08P01 unexpected data after an encryption request");
}

TEST_F(GateTest, TheTextIsReadThoughTheClientHadMoreToSay) {
    auto wire = connect();
    ASSERT_TRUE(wire->send(startup({{"user", "u"}, {"database", "nowhere"}}) + std::string(10'000, 'x')));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_FALSE(wire->reset());
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 3D000 no such database: nowhere");
}

TEST_F(GateTest, ALoginHasItsTime) {
    auto wire = connect();
    auto slow = connect();
    ASSERT_TRUE(slow->send("\0\0"));
    pass(std::chrono::seconds(59));
    EXPECT_TRUE(wire->receive());
    pass(std::chrono::seconds(1));
    ASSERT_TRUE(until([&] { return !wire->receive() && !slow->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 08P01 client_login_timeout");
    EXPECT_EQ(fatal_in(slow->got()), "FATAL 08P01 client_login_timeout");
}

TEST_F(GateTest, WhoDoesNotReadItsLastWordsIsClosedAllTheSame) {
    auto wire = log_in("u", "nowhere");
    settle();
    EXPECT_EQ(gate->context().lingering, 1U);
    pass(std::chrono::seconds(2));
    EXPECT_EQ(gate->context().lingering, 0U);
}

class FloodTest : public GateTest {
protected:
    static Options few() {
        Options options;
        options.max_unauthenticated = 10;
        return options;
    }
    FloodTest() : GateTest(few()) {}
};

TEST_F(FloodTest, SilentSocketsGiveWayToThoseThatLogIn) {
    std::vector<std::unique_ptr<Wire>> silent;
    for (int i = 0; i < 100; ++i) {
        silent.push_back(connect());
        ASSERT_LE(gate->login_count(), 10);
    }
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    EXPECT_FALSE(silent.front()->receive());
    EXPECT_TRUE(silent.back()->receive());
}

TEST_F(GateTest, WithoutDescriptorsTheSilentOnesGoFirst) {
    std::vector<std::unique_ptr<Wire>> silent;
    for (int i = 0; i < 20; ++i) {
        silent.push_back(connect());
    }
    gate->clients().on_exhausted();
    EXPECT_EQ(gate->login_count(), 20) << "who has just come is given its second";
    pass(std::chrono::seconds(1));
    auto late = connect();
    gate->clients().on_exhausted();
    EXPECT_EQ(gate->login_count(), 5);
    gate->clients().on_exhausted();
    EXPECT_EQ(gate->login_count(), 1);
    EXPECT_TRUE(late->receive());
}

TEST_F(GateTest, QueryWaitTimeoutEndsAWaitAtTheGate) {
    server.mode = ScriptedServer::Mode::kSilent;
    auto fresh = config;
    fresh.query_wait_timeout = std::chrono::seconds(5);
    apply(fresh);
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    EXPECT_EQ(pool()->waiting_at_gate, 1U);
    pass(std::chrono::seconds(5));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 08P01 query_wait_timeout");
    EXPECT_EQ(pool()->waiting_at_gate, 0U);
}

TEST_F(GateTest, DrainEndsTheWaitAtTheGate) {
    server.mode = ScriptedServer::Mode::kSilent;
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    process.shutting_down = true;
    gate->drain();
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 57P01 server shutting down");
}

TEST_F(GateTest, StopWithLoginsAtEveryStepLeavesNothing) {
    server.mode = ScriptedServer::Mode::kSilent;
    auto silent = connect();
    auto half = connect();
    ASSERT_TRUE(half->send("\0\0"));
    auto waiting = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    gate->stop();
    EXPECT_FALSE(silent->receive());
    EXPECT_FALSE(waiting->receive());
}

TEST_F(GateTest, ListensAcceptsAndServesOnItsOwnThread) {
    config.listen_addr = {"127.0.0.1"};
    config.listen_port = 0;
    ASSERT_TRUE(gate->open(config));
    const int port = gate->clients().listeners.port();
    auto fd = net::start_connect(*net::literal_address("127.0.0.1", port), {});
    ASSERT_TRUE(fd);
    Wire wire(std::move(*fd));
    ASSERT_TRUE(until([&] { return wire.send(startup({{"user", "u"}, {"database", "d"}})); }));
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    // Set on the listening socket, inherited by what it accepts.
    for (const auto& [level, name] : {std::pair<int, int>{IPPROTO_TCP, TCP_NODELAY}, std::pair<int, int>{SOL_SOCKET, SO_KEEPALIVE}}) {
        int value = 0;
        socklen_t size = sizeof value;
        ASSERT_EQ(::getsockopt(clients[0].fd.get(), level, name, &value, &size), 0);
        EXPECT_EQ(value, 1);
    }
    EXPECT_NE(::fcntl(clients[0].fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(GateTest, RunsOnItsOwnThreadUntilItIsStopped) {
    config.listen_addr = {"127.0.0.1"};
    config.listen_port = 0;
    ASSERT_TRUE(gate->open(config));
    const int port = gate->clients().listeners.port();
    gate->start();
    auto fd = net::start_connect(*net::literal_address("127.0.0.1", port), {});
    ASSERT_TRUE(fd);
    Wire wire(std::move(*fd));
    const auto message = startup({{"user", "u"}, {"database", "d"}});
    bool sent = false;
    for (int i = 0; i < 10'000 && !wire.got().ends_with("Z\0\0\0\x05I"s); ++i) {
        sent = sent || wire.send(message);
        server.poll();
        pollfd one{wire.fd(), POLLIN, 0};
        ASSERT_GE(::poll(&one, 1, 1), 0);
        if (sent && one.revents != 0) {
            wire.receive();
        }
    }
    EXPECT_TRUE(wire.got().ends_with("Z\0\0\0\x05I"s));
    gate->stop();  // from here on the test may look at what its thread has left
    EXPECT_EQ(clients.size(), 1U);
    EXPECT_EQ(servers.size(), 1U);
}

TEST_F(GateTest, RandomBytesNeverDoMoreThanEndTheirOwnLogin) {
    server.mode = ScriptedServer::Mode::kSilent;
    std::uint32_t state = 1;
    const auto random = [&state] { return state = state * 1'664'525U + 1'013'904'223U, state >> 8U; };
    const auto whole = startup({{"user", "u"}, {"database", "d"}, {"client_encoding", "UTF8"}, {"options", "-c timezone=UTC"}});
    for (int i = 0; i < 2000; ++i) {
        std::string bytes = whole.substr(0, random() % 3 == 0 ? random() % whole.size() : std::string::npos);
        for (auto changes = random() % 4; changes > 0 && !bytes.empty(); --changes) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        auto wire = connect();
        static_cast<void>(wire->send(bytes));
        settle();
        wire->close();
        settle();
        ASSERT_EQ(gate->login_count(), 0) << i;
    }
    EXPECT_EQ(process.clients.used(), 0);
    EXPECT_LE(process.registry.databases().size(), 1U);
}

}  // namespace
}  // namespace cenote::gate
