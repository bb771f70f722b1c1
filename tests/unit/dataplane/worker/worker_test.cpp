#include "crew.hpp"

namespace cenote::worker {
namespace {

using test::Backend;
using test::Caller;
using test::CrewTest;

constexpr const char* kOne = "pool_mode=transaction\ndefault_pool_size=1\n";

TEST(Worker, ServesAQueryAndKeepsTheServer) {
    CrewTest crew(1, kOne);
    Caller& caller = crew.client(0);
    caller.ask("select 1");
    crew.settle();
    EXPECT_EQ(caller.answers, 1);
    ASSERT_EQ(crew.backends.size(), 1U);
    caller.ask("select 2");
    crew.settle();
    EXPECT_EQ(caller.answers, 2);
    EXPECT_EQ(crew.backends.size(), 1U);
    EXPECT_EQ(crew.process.registry.pool("db", "app")->ledger.idle(), 1U);
}

TEST(Worker, AServerGoesToTheWaiterOfAnotherWorkerAndBack) {
    CrewTest crew(2, kOne);
    Caller& one = crew.client(0);
    Caller& other = crew.client(1);
    for (int i = 0; i < 20; ++i) {
        one.ask("one " + std::to_string(i));
        other.ask("other " + std::to_string(i));
        crew.settle(10);
    }
    EXPECT_EQ(one.answers, 20);
    EXPECT_EQ(other.answers, 20);
    EXPECT_EQ(crew.backends.size(), 1U);
}

TEST(Worker, AClientInATransactionKeepsItsServer) {
    CrewTest crew(1, kOne);
    Caller& one = crew.client(0);
    Caller& other = crew.client(0);
    one.ask("BEGIN");
    crew.settle();
    other.ask("select 2");
    crew.settle();
    EXPECT_EQ(one.status, 'T');
    EXPECT_EQ(other.answers, 0);
    one.ask("COMMIT");
    crew.settle();
    EXPECT_EQ(other.answers, 1);
}

TEST(Worker, DrainLeavesTheLastByteAndTheReasonToAClientThatReadsSlowly) {
    CrewTest crew(1, kOne);
    Caller& caller = crew.client(0);
    caller.peer.query("big");
    crew.turn(0);
    crew.turn(0);
    Backend* backend = crew.connect_one();
    ASSERT_NE(backend, nullptr);
    crew.turn(0);
    backend->peer.take();
    // More than the sockets take while the client does not read.
    const std::string row(1000, 'x');
    constexpr int kRows = 20'000;
    std::string result;
    {
        protocol::MessageWriter out;
        for (int i = 0; i < kRows; ++i) {
            out.message('D', row);
        }
        protocol::write_command_complete(out, "SELECT 20000");
        protocol::write_ready_for_query(out, 'I');
        result = out.take();
    }
    crew.workers[0]->drain();
    std::size_t at = 0;
    std::size_t rows = 0;
    bool ready = false;
    std::string fatal;
    for (int i = 0; i < 100'000 && !caller.peer.ended(); ++i) {
        if (at < result.size()) {
            const ssize_t n = ::send(backend->peer.fd(), result.data() + at, result.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
            at += n > 0 ? static_cast<std::size_t>(n) : 0;
        }
        crew.turn(0);
        crew.now += std::chrono::milliseconds(20);
        if (at == result.size() || i % 7 == 0) {
            for (const auto& message : caller.peer.take()) {
                rows += message.type == 'D' ? 1 : 0;
                ready = ready || message.type == 'Z';
                fatal = message.type == 'E' ? message.body : fatal;
            }
        }
    }
    EXPECT_EQ(rows, static_cast<std::size_t>(kRows));
    EXPECT_TRUE(ready);
    EXPECT_NE(fatal.find("57P01"), std::string::npos);
}

TEST(Worker, ACancelUnderWayHoldsBackTheNextQueryOfItsOwnClient) {
    CrewTest crew(1, "pool_mode=session\ndefault_pool_size=1\nserver_reset_query=\n");
    Caller& caller = crew.client(0);
    const auto slot = crew.last_slot;
    caller.ask("slow");
    crew.turn(0);
    crew.turn(0);
    Backend* backend = crew.connect_one();
    crew.turn(0);
    crew.turn(0);
    std::optional<registry::CancelOrder> order;
    crew.process.workers[0].find_cancel(slot, 42, [&](std::optional<registry::CancelOrder> found) { order = std::move(found); });
    crew.turn(0);
    ASSERT_TRUE(order);
    while (backend->answer_one()) {}  // it ended by itself before the request came through
    crew.turn(0);
    caller.listen();
    EXPECT_EQ(caller.answers, 1);
    caller.ask("next");
    crew.settle(5);
    EXPECT_EQ(backend->queries.size(), 1U) << "the next query reached the server while a cancel request for the last one was under way";
    order->done(registry::CancelOrder::Outcome::kDelivered);
    crew.settle();
    EXPECT_EQ(caller.answers, 2);
}

TEST(Worker, AServerWhoseCancelWasNotConfirmedServesNobodyElse) {
    CrewTest crew(1, kOne);
    Caller& caller = crew.client(0);
    const auto slot = crew.last_slot;
    caller.ask("slow");
    crew.turn(0);
    crew.turn(0);
    Backend* backend = crew.connect_one();
    crew.turn(0);
    crew.turn(0);
    std::optional<registry::CancelOrder> order;
    crew.process.workers[0].find_cancel(slot, 42, [&](std::optional<registry::CancelOrder> found) { order = std::move(found); });
    crew.turn(0);
    ASSERT_TRUE(order);
    while (backend->answer_one()) {}
    crew.settle(5);
    order->done(registry::CancelOrder::Outcome::kUnknown);
    crew.settle();
    EXPECT_TRUE(backend->said_goodbye);
}

TEST(Worker, WrongSecretsFindNoClient) {
    CrewTest crew(1, kOne);
    crew.client(0).ask("select 1");
    crew.turn(0);
    crew.connect_one();
    crew.turn(0);
    bool answered = false;
    crew.process.workers[0].find_cancel(crew.last_slot, 43, [&](std::optional<registry::CancelOrder> found) {
        answered = true;
        EXPECT_FALSE(found);
    });
    crew.turn(0);
    EXPECT_TRUE(answered);
}

TEST(Worker, APlaceIsKeptUntilPostgresHasLetGo) {
    CrewTest crew(1, "pool_mode=transaction\ndefault_pool_size=5\nmax_db_connections=1\nserver_lifetime=0\n");
    Caller& one = crew.client(0);
    Caller& other = crew.client(0);
    one.ask("one");
    other.ask("other");
    crew.turn(0);
    crew.turn(0);
    Backend* backend = crew.connect_one();
    ASSERT_NE(backend, nullptr);
    crew.turn(0);
    backend->answer_one();
    crew.turn(0);  // used once: it is told goodbye
    crew.turn(0);
    EXPECT_TRUE(crew.dialled.empty()) << "a second connection was asked for before PostgreSQL had closed the first";
    while (backend->answer_one()) {}
    EXPECT_TRUE(backend->said_goodbye);
    crew.settle();
    EXPECT_EQ(other.answers, 1);
}

TEST(Worker, PoolsUnderOneLimitTakeTurns) {
    CrewTest crew(1, "pool_mode=transaction\ndefault_pool_size=5\nmax_db_connections=1\n");
    std::vector<Caller*> busy;
    for (int i = 0; i < 4; ++i) {
        busy.push_back(&crew.client(0, "db", "busy"));
    }
    Caller& sister = crew.client(0, "db", "sister");
    for (int round = 0; round < 400; ++round) {
        for (Caller* one : busy) {
            if (one->asked.empty()) {
                one->ask("busy");
            }
        }
        if (round == 20) {
            sister.ask("sister");
        }
        crew.now += std::chrono::milliseconds(20);
        crew.settle(1);
    }
    EXPECT_EQ(sister.answers, 1);
    EXPECT_GT(busy[0]->answers, 50);
}

TEST(Worker, ALoweredLimitClosesIdleServersAndNotOneTooMany) {
    CrewTest crew(1, "pool_mode=transaction\ndefault_pool_size=5\nmax_db_connections=5\n");
    std::vector<Caller*> callers;
    for (int i = 0; i < 5; ++i) {
        callers.push_back(&crew.client(0));
        callers.back()->ask("BEGIN");
    }
    crew.settle();
    for (Caller* caller : callers) {
        caller->ask("COMMIT");
    }
    crew.settle();
    const auto pool = crew.process.registry.pool("db", "app");
    ASSERT_EQ(pool->ledger.idle(), 5U);
    crew.apply("pool_mode=transaction\ndefault_pool_size=5\nmax_db_connections=2\n");
    for (int i = 0; i < 40; ++i) {
        crew.now += std::chrono::milliseconds(10);
        crew.settle(1);
    }
    EXPECT_EQ(pool->ledger.idle(), 2U);
    EXPECT_EQ(pool->database->servers.used(), 2);
}

TEST(Worker, WaitingClientsAreToldWhenTheirTimeIsOver) {
    CrewTest crew(2, "pool_mode=transaction\ndefault_pool_size=1\nquery_wait_timeout=10\n");
    Caller& one = crew.client(0);
    Caller& other = crew.client(1);
    one.ask("BEGIN");
    crew.settle();
    other.ask("select 2");
    crew.settle();
    crew.now += std::chrono::seconds(11);
    crew.settle();
    EXPECT_NE(other.error.find("query_wait_timeout"), std::string::npos);
    EXPECT_TRUE(other.gone());
    EXPECT_EQ(one.answers, 1);
}

TEST(Worker, AnUnusedPoolIsForgotten) {
    CrewTest crew(1, "pool_mode=transaction\ndefault_pool_size=1\npool_idle_timeout=5\nserver_idle_timeout=1\n");
    Caller& caller = crew.client(0);
    caller.ask("select 1");
    crew.settle();
    caller.peer.hang_up();
    for (int i = 0; i < 20; ++i) {
        crew.now += std::chrono::seconds(1);
        crew.settle(3);
    }
    EXPECT_TRUE(crew.process.registry.pools().empty());
}

}  // namespace
}  // namespace cenote::worker
