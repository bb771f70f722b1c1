// Opening servers: addresses, failures at each step, epochs, and what those who wait are told. The fixture's end checks that no place is
// left over.
#include "tests/unit/dataplane/gate/fixture.hpp"

#include <sys/socket.h>

namespace cenote::gate {
namespace {

using Mode = ScriptedServer::Mode;
using std::string_literals::operator""s;

TEST_F(GateTest, ARefusedLoginTellsAllWhoWaitTheServersWords) {
    server.mode = Mode::kRefuse;
    auto first = log_in();
    auto second = log_in();
    ASSERT_TRUE(until([&] { return !first->receive() && !second->receive(); }));
    EXPECT_EQ(fatal_in(first->got()), "FATAL 28000 no pg_hba.conf entry");
    EXPECT_EQ(fatal_in(second->got()), "FATAL 28000 no pg_hba.conf entry");
    EXPECT_EQ(server.accepted, 1) << "those who wait share one attempt";
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].error, (Error{"no pg_hba.conf entry", "28000"}));
    EXPECT_EQ(pool()->database->servers.used(), 0);
    EXPECT_FALSE(looked_after.empty());
}

TEST_F(GateTest, ARefusalIsRememberedOnlyWhereTheParametersAreKnown) {
    server.mode = Mode::kRefuse;
    auto first = log_in();
    ASSERT_TRUE(until([&] { return !first->receive(); }));
    auto second = log_in();  // nothing is known yet: it asks, at the time the health allows
    settle();
    EXPECT_TRUE(second->receive());
    pass(std::chrono::seconds(1));
    keep_pools();
    looked_after.push_back(pool());
    keep_pools();
    ASSERT_TRUE(until([&] { return !second->receive(); }));

    server.mode = Mode::kServe;
    pass(std::chrono::seconds(1));
    auto third = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    servers.clear();
    server.mode = Mode::kRefuse;
    ASSERT_EQ(pool()->ledger.total(), 0U);
    pool()->waiting_at_gate = 1;  // somebody at a worker wants a server
    registry::open_connections(pool(), now);
    pool()->waiting_at_gate = 0;
    ASSERT_TRUE(until([&] { return pool()->health.failing() && gate->dialer().under_way() == 0; }));
    auto fourth = log_in();
    ASSERT_TRUE(until([&] { return !fourth->receive(); }));
    EXPECT_EQ(
        fatal_in(fourth->got()), "FATAL 28000 server login has been failing, cached error: no pg_hba.conf entry (server_login_retry)"
    );
}

TEST_F(GateTest, AServerThatCannotBeReachedEndsNobody) {
    for (const auto mode : {Mode::kHangUp, Mode::kHangUpLater, Mode::kStarting}) {
        server.mode = mode;
        const int before = server.accepted;
        auto wire = log_in();
        ASSERT_TRUE(until([&] { return server.accepted > before && gate->dialer().under_way() == 0; }));
        EXPECT_TRUE(wire->receive());
        EXPECT_EQ(pool()->database->servers.used(), 0);
        EXPECT_TRUE(pool()->health.failing());
        EXPECT_FALSE(pool()->health.refusal());
        // It waits on, and the next attempt serves it.
        server.mode = Mode::kServe;
        pass(std::chrono::seconds(2));
        const auto served = clients.size();
        looked_after.push_back(pool());
        keep_pools();
        ASSERT_TRUE(until([&] { return clients.size() == served + 1; }));
        clients.clear();
        servers.clear();
        auto fresh = config;
        fresh.databases["d"].dbname += "x";  // forget the welcome
        apply(fresh);
    }
}

TEST_F(GateTest, TheWholeWayHasOneLimit) {
    server.mode = Mode::kSilent;
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    pass(std::chrono::seconds(14));
    EXPECT_EQ(gate->dialer().under_way(), 1U);
    pass(std::chrono::seconds(1));
    EXPECT_EQ(gate->dialer().under_way(), 0U);
    EXPECT_TRUE(pool()->health.failing());
    EXPECT_TRUE(wire->receive());
    EXPECT_EQ(pool()->database->servers.used(), 0);
}

TEST_F(GateTest, ANameThatIsNeverAnsweredHasTheSameLimit) {
    auto fresh = config;
    fresh.databases["d"].host = "slow.example";
    apply(fresh);
    auto wire = log_in();
    settle();
    ASSERT_EQ(unanswered.size(), 1U);
    pass(std::chrono::seconds(15));
    EXPECT_EQ(gate->dialer().under_way(), 0U);
    unanswered[0](std::vector{server.address()});  // late
    settle();
    EXPECT_EQ(server.accepted, 0);
    EXPECT_TRUE(wire->receive());
}

TEST_F(GateTest, DeadHostsAreSteppedOverWithinOneOrder) {
    auto fresh = config;
    names.emplace("gone.example", Error{"server DNS lookup failed: gone.example: not found", "08006"});
    names.emplace("two.example", std::vector{*net::literal_address("127.0.0.2", 1), *net::literal_address("127.0.0.1", 1)});
    fresh.databases["d"].host = "gone.example, slow.example,127.0.0.3,two.example";
    apply(fresh);
    auto wire = log_in();
    settle();
    ASSERT_EQ(unanswered.size(), 1U);
    pass(std::chrono::seconds(5));  // its third of what there is
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    EXPECT_EQ(server.accepted, 1);
}

TEST_F(GateTest, AnEpochThatMovesDuringTheFirstLoginMakesTheConnectionObsolete) {
    server.mode = Mode::kSilent;
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    auto fresh = config;
    fresh.databases["d"].timezone = "UTC";
    apply(fresh);
    // The old connection comes through after all.
    protocol::MessageWriter out;
    out.message('R', "\0\0\0\0"s);
    protocol::write_parameter_status(out, "server_version", "old");
    protocol::write_ready_for_query(out, 'I');
    ASSERT_TRUE(server.clients[0].wire.send(out.data()));
    ASSERT_TRUE(until([&] { return gate->dialer().under_way() == 0; }));
    EXPECT_TRUE(servers.empty());
    EXPECT_EQ(pool()->welcome, nullptr);
    EXPECT_FALSE(pool()->health.failing());
    server.mode = Mode::kServe;
    keep_pools();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    wire->receive();
    EXPECT_EQ(wire->got().find("old"), std::string::npos);
}

TEST_F(GateTest, TheWelcomeIsReplacedWhenTheServersAreOthers) {
    auto first = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    ++pool()->epoch;  // RECONNECT
    server.parameters[0].second = "16.0";
    auto second = log_in();
    settle();
    ASSERT_TRUE(until([&] { return clients.size() == 2; }));
    second->receive();
    EXPECT_NE(second->got().find("16.0"), std::string::npos);
    EXPECT_EQ(servers.back().epoch, 1U);
}

TEST_F(GateTest, ADatabaseThatGoesEndsTheWait) {
    server.mode = Mode::kSilent;
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1; }));
    auto fresh = config;
    fresh.databases.erase("d");
    const auto kept = pool();
    apply(fresh);
    server.clients[0].wire.close();
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 3D000 no such database: d");
}

TEST_F(GateTest, ConnectQueryRunsBeforeTheServerIsLent) {
    auto fresh = config;
    fresh.databases["d"].connect_query = "set timezone = 'Europe/Berlin'";
    apply(fresh);
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return servers.size() == 1; }));
    EXPECT_EQ(servers[0].parameters->values[2], "Europe/Berlin");
}

TEST_F(GateTest, KeysAreDerivedElsewhere) {
    server.mode = Mode::kScram;
    server.scram_first = "x,s=QQ==,i=4096";
    auto wire = log_in();
    // The helper's answer comes back, and the proof goes out.
    ASSERT_TRUE(until([&] {
        return !server.clients.empty() && server.clients[0].step == 2 && server.clients[0].wire.got().find("p=") != std::string::npos;
    }));
    server.clients[0].wire.close();
    ASSERT_TRUE(until([&] { return gate->dialer().under_way() == 0; }));
}

TEST_F(GateTest, ManyIterationsAreRefused) {
    server.mode = Mode::kScram;
    server.scram_first = "x,s=QQ==,i=10000000";
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return server.accepted == 1 && gate->dialer().under_way() == 0; }));
    EXPECT_TRUE(wire->receive());
}

TEST_F(GateTest, AServerThatWantsAPasswordNobodyKnows) {
    server.mode = Mode::kScram;
    auto fresh = config;
    fresh.databases["d"].user = "unknown";
    apply(fresh);
    auto wire = log_in();
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 08P01 server login failed: wrong password type");
}

TEST_F(GateTest, AServerGoesToTheWorkerWhoseClientWaitsLongest) {
    auto first = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    const auto one = pool();
    pool::Waiter waiter;
    waiter.worker = static_cast<pool::WorkerId>(1 - one->keeper);
    pool::Waiter held;
    {
        const std::lock_guard lock(one->mutex);
        EXPECT_EQ(one->ledger.acquire(waiter, now).server, nullptr);
    }
    registry::open_connections(one, now);
    ASSERT_TRUE(until([&] { return servers.size() == 2; }));
    EXPECT_EQ(server_workers[1], waiter.worker);
    const std::lock_guard lock(one->mutex);
    EXPECT_TRUE(one->ledger.cancel(waiter));
}

TEST_F(GateTest, OrdersAfterTheEndAreGivenBack) {
    auto first = log_in();
    ASSERT_TRUE(until([&] { return clients.size() == 1; }));
    gate->stop();
    const auto one = pool();
    one->waiting_at_gate = 2;
    registry::open_connections(one, now);
    one->waiting_at_gate = 0;
    EXPECT_EQ(one->ledger.total(), 1U);  // the one that is open
}

}  // namespace
}  // namespace cenote::gate
