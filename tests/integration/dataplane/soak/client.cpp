#include "tests/integration/dataplane/soak/client.hpp"

#include <array>
#include <thread>
#include <utility>

namespace cenote::soak {
namespace {

constexpr std::string_view kCancelled = "57014";

}  // namespace

void Client::run() {
    while (!over()) {
        const bool in_calm = totals_.calm;
        try {
            Wire wire(plan_.address, plan_.cancel_address, plan_.user, plan_.database);
            ++totals_.logins;
            next_may_be_cancelled_ = false;
            unseen_cancels_ = 0;
            const int steps = below(60);
            for (int step = 0; step < steps && !over(); ++step) {
                one_step(wire);
            }
            leave(wire);
        } catch (const Gone& gone) {
            lost(gone, in_calm);
        }
    }
}

// Without faults nothing gives the pooler or the server a reason to end a connection, and with them none to say nothing for so long.
void Client::lost(const Gone& gone, bool in_calm) {
    ++totals_.lost;
    if (!plan_.faults || in_calm || std::string_view(gone.what()) == kSilent) {
        totals_.found(fmt::format("client {}: connection lost: {}", number_, gone.what()));
    }
    if (plan_.faults) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + below(50)));
    }
}

std::string Client::tag() {
    const auto size = below(20) == 0 ? below(40'000) : below(40);
    return fmt::format("{}-{}-{}", number_, random_(), std::string(static_cast<std::size_t>(size), 'x'));
}

std::string Client::query_for(const std::string& value) {
    return below(2) == 0 ? simple_query("select '" + value + "'") : extended_query("select $1::text", value);
}

bool Client::late_cancel(const Answer& answer) {
    const bool next = std::exchange(next_may_be_cancelled_, false);
    if (answer.error != kCancelled || !(next || (plan_.faults && unseen_cancels_ > 0))) {
        return false;
    }
    --unseen_cancels_;
    ++totals_.late;
    ++troubles_;
    return true;
}

void Client::unexpected(const std::string& error) {
    ++troubles_;
    if (plan_.faults && error == kCancelled) {
        ++totals_.stray;
    } else {
        totals_.found(fmt::format("client {}: unexpected error '{}'", number_, error));
    }
}

bool Client::fine(const Answer& answer) {
    if (!late_cancel(answer) && !answer.error.empty()) {
        unexpected(answer.error);
    }
    return answer.error.empty();
}

void Client::expect(const Answer& answer, const std::string& value, char status) {
    ++totals_.queries;
    if (late_cancel(answer)) {
        return;
    }
    if (!answer.error.empty()) {
        unexpected(answer.error);
    } else if (answer.values != std::vector<std::string>{value}) {
        const auto got = answer.values.empty() ? std::string("nothing") : answer.values.front();
        totals_.found(fmt::format("client {}: asked for {:.60}, got {:.60} ({} rows)", number_, value, got, answer.values.size()));
    } else if (answer.status != status) {
        totals_.found(fmt::format("client {}: status {} instead of {}", number_, answer.status, status));
    }
}

void Client::ask(Wire& wire, char status) {
    const auto value = tag();
    wire.send(query_for(value));
    expect(wire.read_answer(), value, status);
}

void Client::one_step(Wire& wire) {
    switch (below(10)) {
        case 0:
            return pipeline(wire);
        case 1:
            return plan_.transactions ? transaction(wire) : ask(wire);
        case 2:
            return cancel(wire);
        case 3:
            return error(wire);
        case 4:
            return parameter(wire);
        case 5:
            return plan_.commits ? commit(wire) : ask(wire);
        default:
            return ask(wire);
    }
}

void Client::pipeline(Wire& wire) {
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

void Client::transaction(Wire& wire) {
    wire.send(simple_query("begin"));
    if (!fine(wire.read_answer())) {
        return;
    }
    const auto before = troubles_;
    const auto server = [&] {
        wire.send(simple_query("select pg_backend_pid()"));
        auto answer = wire.read_answer();
        fine(answer);
        return answer.values;
    };
    const auto first = server();
    for (int turn = below(4); turn >= 0 && troubles_ == before; --turn) {
        ask(wire, 'T');
    }
    if (troubles_ == before && server() != first && troubles_ == before) {
        totals_.found(fmt::format("client {}: the server changed within a transaction", number_));
    }
    wire.send(simple_query(below(2) == 0 ? "commit" : "rollback"));
    const auto answer = wire.read_answer();
    if (fine(answer) && answer.status != 'I') {
        totals_.found(fmt::format("client {}: the transaction did not end", number_));
    } else if (answer.status != 'I') {
        roll_back(wire);
    }
    ++totals_.transactions;
}

void Client::roll_back(Wire& wire) {
    wire.send(simple_query("rollback"));
    if (!fine(wire.read_answer())) {  // a transaction that did not end, and is now a failed one
        wire.send(simple_query("rollback"));
        static_cast<void>(wire.read_answer());
    }
}

// The cancel may come in time or too late; it must stop this client's query or nothing. In a transaction the server is held, so
// the query runs at once; outside of one it may still be waiting for a server.
void Client::cancel(Wire& wire) {
    const bool held = plan_.transactions && below(2) == 0;
    if (held) {
        wire.send(simple_query("begin"));
        if (!fine(wire.read_answer())) {
            return;
        }
    }
    const auto value = tag();
    wire.send(simple_query(
        "select '" + value + "' from pg_sleep(" + std::array{"0.0005", "0.05", "1"}.at(static_cast<std::size_t>(below(3))) + ")"
    ));
    if (below(2) == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(below(60)));
    }
    wire.cancel();
    ++totals_.cancels;
    ++unseen_cancels_;
    const auto answer = wire.read_answer();
    if (answer.error == kCancelled) {
        --unseen_cancels_;
        ++totals_.cancelled;
    } else {
        expect(answer, value, held ? 'T' : 'I');
        next_may_be_cancelled_ = true;
    }
    if (held) {
        roll_back(wire);
    }
}

void Client::error(Wire& wire) {
    wire.send(simple_query("select 1/0") + simple_query("select '" + std::to_string(number_) + "'"));
    const auto answer = wire.read_answer();
    if (!late_cancel(answer) && answer.error != "22012") {
        unexpected(answer.error);
    }
    expect(wire.read_answer(), std::to_string(number_), 'I');
}

void Client::parameter(Wire& wire) {
    const auto name = fmt::format("soak-{}", number_);
    wire.send(simple_query("set application_name = '" + name + "'"));
    if (fine(wire.read_answer())) {
        ask(wire);
        wire.send(simple_query("show application_name"));
        expect(wire.read_answer(), name, 'I');
    }
}

// What is answered with COMMIT, or with INSERT outside of a transaction, must be found in the table; what was rolled back must not.
void Client::commit(Wire& wire) {
    const Totals::Commit row{number_, ++last_commit_};
    const auto insert = fmt::format("insert into soak_commits values ({}, {})", row.first, row.second);
    const int way = plan_.transactions ? below(4) : 3;
    std::string_view wanted = "COMMIT";
    if (way == 0) {
        wire.send(simple_query("begin; " + insert + "; commit"));
    } else if (way == 1) {
        wire.send(simple_query("begin") + simple_query(insert) + simple_query("commit"));
    } else if (way == 2) {
        wire.send(simple_query("begin") + simple_query(insert) + simple_query("rollback"));
        wanted = "ROLLBACK";
    } else {
        wire.send(simple_query(insert));
        wanted = "INSERT 0 1";
    }
    bool spoiled = false;
    Answer answer;
    for (int left = way == 1 || way == 2 ? 3 : 1; left > 0; --left) {
        answer = wire.read_answer();
        if (!late_cancel(answer) && !answer.error.empty() && !spoiled) {
            unexpected(answer.error);
        }
        spoiled = spoiled || !answer.error.empty();
    }
    if (spoiled) {
        if (answer.status != 'I') {
            roll_back(wire);
        }
    } else if (answer.status != 'I' || answer.tag != wanted) {
        totals_.found(fmt::format("client {}: wanted {}, got {} with status {}", number_, wanted, answer.tag, answer.status));
    } else if (way == 2) {
        totals_.rolled_back(row);
    } else {
        totals_.acknowledged(row);
    }
}

void Client::leave(Wire& wire) {
    ++totals_.departures;
    switch (below(6)) {
        case 0:
            wire.send(std::string("X\0\0\0\4", 5));
            break;
        case 1:
            wire.send(
                simple_query(plan_.transactions ? "begin; select txid_current(); create temporary table dirty (n int)" : "select 'foreign'")
            );
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

}  // namespace cenote::soak
