// The last two readings of every database's counters, stats_period apart: what averages in SHOW STATS and in the log are made of. Control
// thread.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/base/clock.hpp"

#include <map>
#include <string>
#include <vector>

namespace cenote::app {

class StatsHistory {
public:
    using Totals = std::map<std::string, admin::StatsCounters>;

    /// A new reading; the one before the last is forgotten.
    void roll(TimePoint now, Totals totals);
    /// A row a database of `now`, with the averages of the last full period.
    [[nodiscard]] std::vector<admin::StatsRow> rows(const Totals& now) const;
    /// Of all databases together.
    [[nodiscard]] admin::StatsCounters average() const;

private:
    struct Reading {
        TimePoint at;
        Totals totals;
    };
    [[nodiscard]] config::Microseconds elapsed() const;

    Reading previous_;
    Reading latest_;
};

}  // namespace cenote::app
