// Collects what the console and /metrics show. Any thread but a worker's: the rows of single connections are asked of each worker.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/worker/runtime.hpp"
#include "dataplane/worker/worker.hpp"

#include <map>
#include <string>

namespace cenote::app {

[[nodiscard]] std::vector<admin::PoolRow> pool_rows(worker::Process& process);
[[nodiscard]] std::vector<admin::DatabaseRow> database_rows(worker::Process& process, const worker::Runtime& runtime);
[[nodiscard]] std::vector<admin::UserRow> user_rows(worker::Process& process, const worker::Runtime& runtime);
[[nodiscard]] std::map<std::string, admin::StatsCounters> stats_totals(worker::Process& process);
[[nodiscard]] admin::ListsRow lists_row(worker::Process& process, const worker::Runtime& runtime);
/// Waits for every worker.
void socket_rows(worker::Process& process, admin::Snapshot& snapshot, bool clients, bool servers);

/// Runs a function on each worker's thread, one after the other, and waits for it.
void on_each_worker(worker::Process& process, const std::function<void(worker::Worker&)>& task);

}  // namespace cenote::app
