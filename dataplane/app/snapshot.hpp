// Collects what the console and /metrics show. Any thread but a worker's: the rows of single connections are asked of each worker.
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/admin/rows.hpp"
#include "dataplane/app/current_runtime.hpp"
#include "dataplane/app/phase.hpp"
#include "dataplane/app/staff.hpp"
#include "dataplane/app/stats_history.hpp"
#include "dataplane/net/resolver.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cenote::app {

/// Where the tables come from. Borrowed from the application.
struct Sources {
    Staff staff;
    const CurrentRuntime& runtime;
    const CurrentPhase& phase;
    const net::Resolver& resolver;
    const StatsHistory& stats;
};

/// What that SHOW needs and nothing else: SHOW VERSION must not lock ten thousand pools. On the control thread.
[[nodiscard]] admin::Snapshot collect(admin::Show what, const Sources& sources);

[[nodiscard]] std::vector<admin::PoolRow> pool_rows(registry::Process& process);
[[nodiscard]] std::vector<admin::DatabaseRow> database_rows(registry::Process& process, const registry::Runtime& runtime);
[[nodiscard]] std::vector<admin::UserRow> user_rows(registry::Process& process, const registry::Runtime& runtime);
[[nodiscard]] std::map<std::string, admin::StatsCounters> stats_totals(registry::Process& process);
[[nodiscard]] admin::ListsRow lists_row(const Staff& staff, const registry::Runtime& runtime);

}  // namespace cenote::app
