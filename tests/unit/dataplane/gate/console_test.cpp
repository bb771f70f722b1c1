// The console's clients: who may, one command at a time, and what becomes of a command whose client cancels or leaves.
#include "dataplane/gate/console_input.hpp"
#include "dataplane/protocol/frame.hpp"
#include "dataplane/protocol/wire_reader.hpp"
#include "tests/unit/dataplane/gate/fixture.hpp"

namespace cenote::gate {
namespace {

using std::string_literals::operator""s;

class ConsoleTest : public GateTest {
protected:
    [[nodiscard]] std::unique_ptr<Wire> enter(const std::string& user, bool is_unix = false) {
        auto wire = connect(is_unix);
        EXPECT_TRUE(wire->send(startup({{"user", user}, {"database", "pgbouncer"}})));
        EXPECT_TRUE(until([&] { return !wire->receive() || wire->got().ends_with("Z\0\0\0\x05I"s); }));
        return wire;
    }
    static std::string query(const std::string& sql) {
        protocol::MessageWriter out;
        protocol::write_query(out, sql);
        return out.take();
    }
};

TEST_F(ConsoleTest, WhoMay) {
    EXPECT_NE(enter("admin")->got().find("1.26.0/bouncer"), std::string::npos);
    EXPECT_EQ(gate->console_count(), 1);
    EXPECT_EQ(fatal_in(enter("u")->got()), "FATAL 28000 not allowed");
    EXPECT_TRUE(enter("pgbouncer", true)->got().starts_with('R'));
    EXPECT_EQ(fatal_in(enter("pgbouncer", false)->got()), "FATAL 28000 not allowed");
    // The console lets its people in when nobody else may.
    process.shutting_down = true;
    EXPECT_TRUE(enter("admin")->got().starts_with('R'));
}

TEST_F(ConsoleTest, AnyIsNotAdmin) {
    auto fresh = config;
    fresh.auth_type = config::AuthType::kAny;
    apply(fresh);
    EXPECT_EQ(fatal_in(enter("somebody")->got()), "FATAL 28000 not allowed");
    auto wire = enter("admin");
    ASSERT_TRUE(wire->send(query("SHOW POOLS")));
    ASSERT_TRUE(until([&] { return queries.size() == 1; }));
    EXPECT_TRUE(queries[0].admin);
}

TEST_F(ConsoleTest, OneCommandATimeHoweverTheyAreCut) {
    const std::string both = query("SHOW POOLS") + query("SHOW STATS");
    for (std::size_t cut = 0; cut <= both.size(); ++cut) {
        queries.clear();
        auto wire = enter("stats");
        static_cast<void>(wire->take());
        ASSERT_TRUE(cut == 0 || wire->send(both.substr(0, cut)));
        settle();
        ASSERT_TRUE(cut == both.size() || wire->send(both.substr(cut)));
        ASSERT_TRUE(until([&] { return queries.size() == 1; }));
        settle();
        ASSERT_EQ(queries.size(), 1U);
        EXPECT_EQ(queries[0].sql, "SHOW POOLS");
        EXPECT_FALSE(queries[0].admin);
        gate->console_reply(queries[0].id, "one");
        ASSERT_TRUE(until([&] { return queries.size() == 2; }));
        EXPECT_EQ(queries[1].sql, "SHOW STATS");
        gate->console_reply(queries[1].id, "two");
        ASSERT_TRUE(until([&] { return wire->receive() && wire->got() == "onetwo"; }));
    }
    EXPECT_TRUE(until([&] { return gate->console_count() == 0; }));
}

TEST_F(ConsoleTest, ALeavingClientsCommandGoesOnAndItsAnswerFindsNobody) {
    auto wire = enter("admin");
    ASSERT_TRUE(wire->send(query("PAUSE")));
    ASSERT_TRUE(until([&] { return queries.size() == 1; }));
    wire->close();
    ASSERT_TRUE(until([&] { return gate->console_count() == 0; }));
    EXPECT_TRUE(cancelled.empty()) << "a PAUSE outlives who asked for it";
    gate->console_reply(queries[0].id, "late");
    settle();
    EXPECT_EQ(gate->console_count(), 0);
}

TEST_F(ConsoleTest, ACancelRequestEndsItsCommandOnly) {
    auto wire = enter("admin");
    const auto key = wire->got().find("K\0\0\0\x0c"s);
    ASSERT_NE(key, std::string::npos);
    protocol::WireReader reader(std::string_view(wire->got()).substr(key + protocol::kHeaderSize));
    const auto pid = reader.int32();
    const auto secret = reader.int32();
    ASSERT_TRUE(wire->send(query("PAUSE")));
    ASSERT_TRUE(until([&] { return queries.size() == 1; }));
    const auto ask = [&](std::int32_t with) {
        auto asker = connect();
        protocol::MessageWriter out;
        protocol::write_cancel_request(out, {pid, with});
        EXPECT_TRUE(asker->send(out.data()));
        EXPECT_TRUE(until([&] { return !asker->receive(); }));
    };
    ask(secret ^ 1);
    EXPECT_TRUE(cancelled.empty());
    ask(secret);
    EXPECT_EQ(cancelled, std::vector{queries[0].id});
    EXPECT_TRUE(wire->receive());
    gate->console_reply(queries[0].id, "cancelled");
    ASSERT_TRUE(until([&] { return wire->receive() && wire->got().ends_with("cancelled"); }));
    ask(secret);  // nothing runs
    EXPECT_EQ(cancelled.size(), 1U);
}

TEST_F(ConsoleTest, AClientThatDoesNotReadIsNotServedOn) {
    auto wire = enter("admin");
    ASSERT_TRUE(wire->send(query("SHOW CLIENTS") + query("SHOW SERVERS")));
    ASSERT_TRUE(until([&] { return queries.size() == 1; }));
    gate->console_reply(queries[0].id, std::string(8U << 20U, 'x'));
    settle();
    EXPECT_EQ(queries.size(), 1U) << "its next command waits until it has read the first reply";
    ASSERT_TRUE(until([&] { return wire->receive() && queries.size() == 2; }));
    gate->console_reply(queries[1].id, std::string(80U << 20U, 'x'));
    ASSERT_TRUE(until([&] { return gate->console_count() == 0; }));
}

TEST_F(ConsoleTest, ExtendedProtocolAndBrokenPacketsAreRefused) {
    auto wire = enter("admin");
    static_cast<void>(wire->take());
    ASSERT_TRUE(wire->send("P\0\0\0\4"s));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 08P01 extended query protocol not supported by admin console");
    auto other = enter("admin");
    static_cast<void>(other->take());
    ASSERT_TRUE(other->send("Q\x7f\0\0\0"s));
    ASSERT_TRUE(until([&] { return !other->receive(); }));
    EXPECT_EQ(fatal_in(other->got()), "FATAL 08P01 bad packet");
    auto third = enter("admin");
    static_cast<void>(third->take());
    ASSERT_TRUE(third->send("X\0\0\0\4"s));
    ASSERT_TRUE(until([&] { return !third->receive(); }));
    EXPECT_EQ(third->got(), "");
}

TEST_F(ConsoleTest, RowsAndKill) {
    auto wire = enter("admin");
    std::vector<admin::ClientRow> rows;
    gate->collect_rows([&](std::vector<admin::ClientRow> all) { rows = std::move(all); });
    settle();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].user, "admin");
    EXPECT_EQ(rows[0].database, "pgbouncer");
    EXPECT_EQ(rows[0].address, "10.0.0.1");
    EXPECT_EQ(rows[0].port, 4711);
    server.mode = ScriptedServer::Mode::kSilent;
    auto waiting = log_in();
    settle();
    pass(std::chrono::seconds(3));
    gate->collect_rows([&](std::vector<admin::ClientRow> all) { rows = std::move(all); });
    settle();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].state, "waiting");
    EXPECT_EQ(rows[1].database, "d");
    EXPECT_EQ(rows[1].wait, std::chrono::seconds(3));
    bool killed = false;
    gate->kill_client(static_cast<std::uint64_t>(rows[0].id), [&](bool done) { killed = done; });
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_TRUE(killed);
    EXPECT_EQ(fatal_in(wire->got()), "FATAL 57P01 admin forced disconnect");
}

}  // namespace
}  // namespace cenote::gate
