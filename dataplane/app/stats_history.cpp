#include "dataplane/app/stats_history.hpp"

#include <utility>

namespace cenote::app {
namespace {

admin::StatsCounters of(const StatsHistory::Totals& totals, const std::string& name) {
    const auto found = totals.find(name);
    return found == totals.end() ? admin::StatsCounters{} : found->second;
}

admin::StatsCounters sum(const StatsHistory::Totals& totals) {
    admin::StatsCounters all;
    for (const auto& [name, counters] : totals) {
        all += counters;
    }
    return all;
}

}  // namespace

void StatsHistory::roll(TimePoint now, Totals totals) { previous_ = std::exchange(latest_, {now, std::move(totals)}); }

config::Microseconds StatsHistory::elapsed() const { return std::chrono::duration_cast<config::Microseconds>(latest_.at - previous_.at); }

std::vector<admin::StatsRow> StatsHistory::rows(const Totals& now) const {
    std::vector<admin::StatsRow> rows;
    for (const auto& [name, total] : now) {
        rows.push_back({name, total, admin::averages(of(previous_.totals, name), of(latest_.totals, name), elapsed())});
    }
    return rows;
}

admin::StatsCounters StatsHistory::average() const { return admin::averages(sum(previous_.totals), sum(latest_.totals), elapsed()); }

}  // namespace cenote::app
