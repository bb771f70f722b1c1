// One client of the soak, in a thread of its own: takes random steps, and judges every answer.
#pragma once

#include "tests/integration/dataplane/soak/totals.hpp"
#include "tests/integration/dataplane/soak/wire.hpp"

#include <chrono>
#include <random>
#include <string>

namespace cenote::soak {

using Clock = std::chrono::steady_clock;

struct Plan {
    Address address;
    Address cancel_address;  // past what may lie between the clients and the pooler: a cut would leave a cancel in doubt
    std::string user, database;
    Clock::time_point end;
    bool transactions = true;  // statement pooling has none
    bool faults = false;       // connections may be lost
    bool commits = false;      // there is a table soak_commits (client int, number bigint)
};

class Client {
public:
    Client(const Plan& plan, int number, unsigned seed, Totals& totals) : plan_(plan), number_(number), random_(seed), totals_(totals) {}

    void run();

private:
    void one_step(Wire& wire);
    void ask(Wire& wire, char status = 'I');
    void pipeline(Wire& wire);
    void transaction(Wire& wire);
    void cancel(Wire& wire);
    void error(Wire& wire);
    void parameter(Wire& wire);
    void commit(Wire& wire);
    void roll_back(Wire& wire);
    void leave(Wire& wire);

    void expect(const Answer& answer, const std::string& value, char status);
    // A cancel of this client's has hit a later query than was meant. The client had seen the end of its request before it asked again.
    bool late_cancel(const Answer& answer);
    // True without an error; else it is a finding.
    bool fine(const Answer& answer);
    void unexpected(const std::string& error);
    void lost(const Gone& gone, bool in_calm);

    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
    bool over() const { return totals_.over || Clock::now() >= plan_.end; }
    std::string tag();
    std::string query_for(const std::string& value);

    const Plan& plan_;
    int number_;
    std::mt19937 random_;
    Totals& totals_;
    long last_commit_ = 0;
    bool next_may_be_cancelled_ = false;  // the query before was to be cancelled and was not
    long troubles_ = 0;                   // errors that should not have been
    int unseen_cancels_ = 0;              // of this connection: requests whose query ended by itself
};

}  // namespace cenote::soak
