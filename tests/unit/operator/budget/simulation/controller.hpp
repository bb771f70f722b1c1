// An operator of the simulated cluster: the real ServerLedger, fed by a cache that lags and by answers that are old, writing late.
#pragma once

#include "operator/budget/server_ledger.hpp"
#include "world.hpp"

#include <functional>
#include <set>

namespace cenote::budget::simulation {

class Controller {
public:
    Controller(World& world, Millis quiet);

    /// One turn over all pools, and the questions to pods.
    void step();
    /// It stops where it stands. Writes that are on their way still arrive, within a request's timeout.
    void die();
    /// Writes that arrive now. To be called after its death as well.
    void deliver();

    [[nodiscard]] const ServerLedger& ledger() const { return ledger_; }
    /// It has seen every pod that is not ending.
    [[nodiscard]] std::int64_t unseen() const;

private:
    struct Answer {
        Millis at = 0;  // it arrives
        std::optional<std::pair<std::int64_t, std::int64_t>> said;
    };

    void ask(const Snapshot& snapshot);
    [[nodiscard]] std::vector<PodFact> facts(const Snapshot& snapshot, const std::string& pool);
    void write(const Snapshot& snapshot);

    World& world_;
    ServerLedger ledger_;
    bool first_ = true;
    Millis lag_ = 0;
    Millis seen_at_ = 0;
    std::map<std::string, std::deque<Answer>> answers_;
    std::map<std::string, std::optional<std::pair<std::int64_t, std::int64_t>>> last_;
    std::set<std::string> known_;
    std::deque<std::pair<Millis, std::function<void()>>> on_the_wire_;
};

}  // namespace cenote::budget::simulation
