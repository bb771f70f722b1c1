// The oracle: many clients, each query carries a random tag that its answer must return, with pipelines, transactions, cancels and
// clients that leave in the middle. Prints a line of JSON; ends with 1 when one answer was wrong, missing or another client's.
//   cenote_soak HOST PORT USER DATABASE CLIENTS SECONDS SEED [MODE CANCEL_PORT COMMITS]
// With MODE (session, transaction, statement) connections may be lost by faults. It then obeys stdin: "calm" says that there are no more,
// "end" ends it; and it writes into the file COMMITS a line "commit CLIENT NUMBER" for each that was acknowledged, "rollback …" likewise.
#include "tests/integration/dataplane/soak/client.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>

namespace cenote::soak {
namespace {

void obey_stdin(const Plan& plan, Totals& totals) {
    std::string typed;
    while (!totals.over && Clock::now() < plan.end) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        char letter = 0;
        if (::poll(&input, 1, 50) <= 0) {
            continue;
        }
        if (::read(STDIN_FILENO, &letter, 1) != 1) {
            totals.over = true;
        } else if (letter != '\n') {
            typed.push_back(letter);
        } else {
            totals.calm = totals.calm || typed == "calm";
            totals.over = typed == "end";
            typed.clear();
        }
    }
}

void write_commits(const std::string& path, const Totals& totals) {
    std::ofstream out(path);
    for (const auto& [client, number] : totals.commits()) {
        out << "commit " << client << ' ' << number << '\n';
    }
    for (const auto& [client, number] : totals.rollbacks()) {
        out << "rollback " << client << ' ' << number << '\n';
    }
}

int run(const std::vector<std::string>& words) {
    if (words.size() != 7 && words.size() != 10) {
        std::cerr << "usage: cenote_soak HOST PORT USER DATABASE CLIENTS SECONDS SEED [MODE CANCEL_PORT COMMITS]\n";
        return 2;
    }
    const bool faults = words.size() == 10;
    Plan plan;
    plan.address = {words[0], static_cast<std::uint16_t>(std::stoi(words[1]))};
    plan.user = words[2];
    plan.database = words[3];
    plan.end = Clock::now() + std::chrono::seconds(std::stoi(words[5]));
    plan.cancel_address = plan.address;
    if (faults) {
        plan.faults = plan.commits = true;
        plan.transactions = words[7] != "statement";
        plan.cancel_address.port = static_cast<std::uint16_t>(std::stoi(words[8]));
    }
    Totals totals;
    std::vector<std::thread> threads;
    for (int number = 0; number < std::stoi(words[4]); ++number) {
        threads.emplace_back([&, number] {
            const auto seed = static_cast<unsigned>(std::stoi(words[6]) * 100'003 + number);
            Client(plan, number, seed, totals).run();
        });
    }
    if (faults) {
        obey_stdin(plan, totals);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const auto& finding : totals.findings()) {
        std::cerr << finding << '\n';
    }
    if (faults) {
        write_commits(words[9], totals);
    }
    std::cout << totals.json() << std::endl;
    return totals.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace cenote::soak

int main(int argc, char** argv) { return cenote::soak::run({argv + 1, argv + argc}); }
