// The oracle: many clients, each query carries a random tag that its answer must return, with pipelines, transactions, cancels and
// clients that leave in the middle. Prints a line of JSON; ends with 1 when one answer was wrong, missing or another client's.
//   cenote_soak HOST PORT USER DATABASE CLIENTS SECONDS SEED
#include "tests/integration/dataplane/soak/wire.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

namespace cenote::soak {
namespace {

using Clock = std::chrono::steady_clock;

struct Totals {
    std::atomic<long> queries{0}, pipelines{0}, transactions{0}, cancels{0}, cancelled{0}, departures{0}, logins{0}, lost{0}, wrong{0};
    std::mutex mutex;
    std::vector<std::string> findings;

    void found(const std::string& what) {
        ++wrong;
        const std::lock_guard lock(mutex);
        if (findings.size() < 10) {
            findings.push_back(what);
        }
    }
};

class Client {
public:
    Client(Address address, std::string user, std::string database, int number, unsigned seed, Totals& totals)
        : address_(std::move(address)),
          user_(std::move(user)),
          database_(std::move(database)),
          number_(number),
          random_(seed),
          totals_(totals) {}

    void run(Clock::time_point end) {
        while (Clock::now() < end) {
            try {
                Wire wire(address_, user_, database_);
                ++totals_.logins;
                may_be_cancelled_ = false;
                const int steps = below(60);
                for (int step = 0; step < steps && Clock::now() < end; ++step) {
                    one_step(wire);
                }
                leave(wire);
            } catch (const Gone& gone) {
                // Nothing here gives the pooler or the server a reason to end a connection.
                ++totals_.lost;
                totals_.found(fmt::format("client {}: connection lost: {}", number_, gone.what()));
            }
        }
    }

private:
    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

    std::string tag() {
        const auto size = below(20) == 0 ? below(40'000) : below(40);
        return fmt::format("{}-{}-{}", number_, random_(), std::string(static_cast<std::size_t>(size), 'x'));
    }

    std::string query_for(const std::string& value) {
        return below(2) == 0 ? simple_query("select '" + value + "'") : extended_query("select $1::text", value);
    }

    void expect(const Answer& answer, const std::string& value, char status) {
        ++totals_.queries;
        const bool own_late_cancel = answer.error == "57014" && may_be_cancelled_;
        may_be_cancelled_ = false;
        if (own_late_cancel) {
            return;
        }
        if (!answer.error.empty()) {
            totals_.found(fmt::format("client {}: unexpected error {}", number_, answer.error));
        } else if (answer.values != std::vector<std::string>{value}) {
            const auto got = answer.values.empty() ? std::string("nothing") : answer.values.front();
            totals_.found(fmt::format("client {}: asked for {:.60}, got {:.60} ({} rows)", number_, value, got, answer.values.size()));
        } else if (answer.status != status) {
            totals_.found(fmt::format("client {}: status {} instead of {}", number_, answer.status, status));
        }
    }

    void ask(Wire& wire, char status = 'I') {
        const auto value = tag();
        wire.send(query_for(value));
        expect(wire.read_answer(), value, status);
    }

    void one_step(Wire& wire) {
        switch (below(10)) {
            case 0:
                return pipeline(wire);
            case 1:
                return transaction(wire);
            case 2:
                return cancel(wire);
            case 3:
                return error(wire);
            case 4:
                return parameter(wire);
            default:
                return ask(wire);
        }
    }

    void pipeline(Wire& wire) {
        std::vector<std::string> values(static_cast<std::size_t>(2 + below(20)));
        std::string packets;
        for (auto& value : values) {
            value = tag();
            packets += query_for(value);
        }
        wire.send(packets);
        for (const auto& value : values) {
            expect(wire.read_answer(), value, 'I');
        }
        ++totals_.pipelines;
    }

    void transaction(Wire& wire) {
        wire.send(simple_query("begin"));
        if (wire.read_answer().error == "57014" && may_be_cancelled_) {
            may_be_cancelled_ = false;
            return;
        }
        may_be_cancelled_ = false;
        wire.send(simple_query("select pg_backend_pid()"));
        const auto first = wire.read_answer();
        for (int turn = below(4); turn >= 0; --turn) {
            ask(wire, 'T');
        }
        wire.send(simple_query("select pg_backend_pid()"));
        if (wire.read_answer().values != first.values) {
            totals_.found(fmt::format("client {}: the server changed within a transaction", number_));
        }
        wire.send(simple_query(below(2) == 0 ? "commit" : "rollback"));
        if (wire.read_answer().status != 'I') {
            totals_.found(fmt::format("client {}: the transaction did not end", number_));
        }
        ++totals_.transactions;
    }

    // The cancel may come in time or too late; it must stop this client's query or nothing. In a transaction the server is held, so
    // the query runs at once; outside of one it may still be waiting for a server.
    void cancel(Wire& wire) {
        const bool held = below(2) == 0;
        if (held) {
            wire.send(simple_query("begin"));
            const bool begun = wire.read_answer().error.empty();
            may_be_cancelled_ = false;
            if (!begun) {
                return;
            }
        }
        const auto value = tag();
        wire.send(simple_query(
            "select '" + value + "' from pg_sleep(" + std::array{"0.0005", "0.05", "1"}.at(static_cast<std::size_t>(below(3))) + ")"
        ));
        wire.cancel();
        ++totals_.cancels;
        const auto answer = wire.read_answer();
        const bool cancelled = answer.error == "57014";
        if (cancelled) {
            ++totals_.cancelled;
        } else {
            expect(answer, value, held ? 'T' : 'I');
            // Its signal may still be on the way to the server, and then meets the next query of the same client, as without a pooler.
            may_be_cancelled_ = true;
        }
        if (held) {
            wire.send(simple_query("rollback"));
            if (wire.read_answer().error == "57014") {  // a transaction that did not end, and is now a failed one
                wire.send(simple_query("rollback"));
                static_cast<void>(wire.read_answer());
            }
            may_be_cancelled_ = false;
        }
    }

    void error(Wire& wire) {
        wire.send(simple_query("select 1/0") + simple_query("select '" + std::to_string(number_) + "'"));
        const auto answer = wire.read_answer();
        if (answer.error != "22012" && !(answer.error == "57014" && may_be_cancelled_)) {
            totals_.found(fmt::format("client {}: expected 22012, got '{}'", number_, answer.error));
        }
        may_be_cancelled_ = false;
        expect(wire.read_answer(), std::to_string(number_), 'I');
    }

    void parameter(Wire& wire) {
        const auto name = fmt::format("soak-{}", number_);
        wire.send(simple_query("set application_name = '" + name + "'"));
        const auto answer = wire.read_answer();
        const bool was_cancelled = answer.error == "57014" && may_be_cancelled_;
        may_be_cancelled_ = false;
        if (!was_cancelled) {
            ask(wire);
            wire.send(simple_query("show application_name"));
            expect(wire.read_answer(), name, 'I');
        }
    }

    void leave(Wire& wire) {
        ++totals_.departures;
        switch (below(6)) {
            case 0:
                wire.send(std::string("X\0\0\0\4", 5));
                break;
            case 1:
                wire.send(simple_query("begin; select txid_current(); create temporary table dirty (n int)"));
                break;
            case 2:
                wire.send(query_for("foreign") + query_for("foreign") + query_for("foreign"));
                break;
            case 3:
                wire.send(simple_query("select repeat('foreign', 10000) from generate_series(1, 20)"));
                wire.read_a_bit();
                break;
            case 4:
                wire.send(simple_query("select 'foreign' from pg_sleep(0.01)"));
                break;
            default:
                wire.send(query_for("foreign").substr(0, 9));
                break;
        }
    }

    Address address_;
    std::string user_, database_;
    int number_;
    std::mt19937 random_;
    Totals& totals_;
    bool may_be_cancelled_ = false;
};

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() != 7) {
        std::cerr << "usage: cenote_soak HOST PORT USER DATABASE CLIENTS SECONDS SEED\n";
        return 2;
    }
    const Address address{arguments[0], static_cast<std::uint16_t>(std::stoi(arguments[1]))};
    const auto end = Clock::now() + std::chrono::seconds(std::stoi(arguments[5]));
    Totals totals;
    std::vector<std::thread> threads;
    for (int number = 0; number < std::stoi(arguments[4]); ++number) {
        threads.emplace_back([&, number] {
            const auto seed = static_cast<unsigned>(std::stoi(arguments[6]) * 100'003 + number);
            Client(address, arguments[2], arguments[3], number, seed, totals).run(end);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const auto& finding : totals.findings) {
        std::cerr << finding << '\n';
    }
    std::cout
        << fmt::format(
               R"({{"queries": {}, "pipelines": {}, "transactions": {}, "cancels": {}, "cancelled": {}, "departures": {}, "logins": {}, "lost": {}, "wrong": {}}})",
               totals.queries.load(), totals.pipelines.load(), totals.transactions.load(), totals.cancels.load(), totals.cancelled.load(),
               totals.departures.load(), totals.logins.load(), totals.lost.load(), totals.wrong.load()
           )
        << std::endl;
    return totals.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace cenote::soak

int main(int argc, char** argv) { return cenote::soak::run({argv + 1, argv + argc}); }
