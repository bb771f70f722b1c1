#include "dataplane/app/snapshot.hpp"

#include <future>

namespace cenote::app {

using registry::SharedPool;

std::vector<admin::PoolRow> pool_rows(registry::Process& process) {
    const auto now = Clock::now();
    std::vector<admin::PoolRow> rows;
    for (const auto& pool : process.registry.pools()) {
        const auto settings_ref = pool->settings();
        const auto& settings = *settings_ref;
        admin::PoolRow row;
        row.database = pool->database->name;
        row.user = pool->user->name;
        row.pool_mode = settings.mode;
        const int testing = pool->testing;
        const int being_canceled = pool->held;
        {
            const std::lock_guard lock(pool->mutex);
            const auto& ledger = pool->ledger;
            row.cl_waiting = static_cast<int>(ledger.waiting() + pool->waiting_at_gate);
            row.sv_used = settings.check_servers ? static_cast<int>(ledger.idle_longer_than(settings.server_check_delay, now)) : 0;
            row.sv_idle = static_cast<int>(ledger.idle()) - row.sv_used;
            row.sv_login = static_cast<int>(ledger.opening_now());
            row.sv_tested = testing;
            row.sv_being_canceled = being_canceled;
            row.sv_active = std::max(0, static_cast<int>(ledger.leased()) - testing - being_canceled);
            if (const auto* head = ledger.head()) {
                row.max_wait = std::chrono::duration_cast<config::Microseconds>(now - head->since);
            } else if (pool->waiting_at_gate > 0) {
                row.max_wait = std::chrono::duration_cast<config::Microseconds>(now - pool->waiting_at_gate_since);
            }
        }
        row.cl_active = std::max(0, pool->clients.load() - row.cl_waiting);
        row.cl_active_cancel_req = pool->cancel_requests;
        row.sv_active_cancel = pool->cancel_requests;
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<admin::DatabaseRow> database_rows(registry::Process& process, const registry::Runtime& runtime) {
    const auto& config = *runtime.config;
    const auto row_of = [&](const config::Database& line) {
        admin::DatabaseRow row;
        row.name = line.name;
        row.host = line.host;
        row.port = line.port;
        row.database = line.dbname.empty() ? line.name : line.dbname;
        row.force_user = line.user;
        row.pool_size = config.pool_size_for(line, nullptr);
        row.min_pool_size = config.min_pool_size_for(line);
        row.reserve_pool_size = config.reserve_pool_size_for(line, nullptr);
        row.server_lifetime = config.server_lifetime_for(line);
        row.pool_mode = line.pool_mode;
        row.load_balance_hosts = line.host.find(',') == std::string::npos ? "" : std::string(config::to_string(line.load_balance_hosts));
        row.max_connections = config.max_db_connections_for(line);
        row.max_client_connections = config.max_db_client_connections_for(line);
        if (const auto state = process.registry.find_database(line.name)) {
            row.current_connections = state->servers.used();
            row.current_client_connections = state->clients.used();
            row.paused = state->paused;
            row.disabled = state->disabled;
        }
        return row;
    };
    std::vector<admin::DatabaseRow> rows;
    for (const auto& [name, line] : config.databases) {
        rows.push_back(row_of(line));
    }
    for (const auto& state : process.registry.databases()) {  // made from "*"
        if (config.find_database(state->name) == nullptr) {
            if (const auto line = config.resolve_database(state->name)) {
                rows.push_back(row_of(*line));
            }
        }
    }
    admin::DatabaseRow console;
    console.name = console.database = console.force_user = "pgbouncer";
    console.port = config.listen_port;
    console.pool_size = 2;
    console.pool_mode = config::PoolMode::kStatement;
    rows.push_back(std::move(console));
    return rows;
}

std::vector<admin::UserRow> user_rows(registry::Process& process, const registry::Runtime& runtime) {
    const auto& config = *runtime.config;
    std::map<std::string, admin::UserRow> rows;
    const auto add = [&](const std::string& name) -> admin::UserRow& {
        auto& row = rows[name];
        row.name = name;
        const auto* line = config.find_user(name);
        if (line != nullptr) {
            row.pool_size = line->pool_size;
            row.reserve_pool_size = line->reserve_pool_size;
            row.pool_mode = line->pool_mode;
        }
        row.max_user_connections = config.max_user_connections_for(line);
        row.max_user_client_connections = config.max_user_client_connections_for(line);
        return row;
    };
    for (const auto& entry : runtime.users->entries()) {
        add(entry->name);
    }
    for (const auto& state : process.registry.users()) {
        auto& row = add(state->name);
        row.current_connections = state->servers.used();
        row.current_client_connections = state->clients.used();
    }
    std::vector<admin::UserRow> all;
    for (auto& [name, row] : rows) {
        all.push_back(std::move(row));
    }
    return all;
}

std::map<std::string, admin::StatsCounters> stats_totals(registry::Process& process) {
    std::map<std::string, admin::StatsCounters> totals;
    for (const auto& database : process.registry.databases()) {
        pool::StatsTotals sum;
        {
            const std::lock_guard lock(database->mutex);
            sum = database->past;
            for (const auto* pool : database->pools) {
                for (const auto& one : pool->per_worker()) {
                    sum += one.stats;
                }
            }
        }
        totals[database->name] = {
            sum.server_assignment_count,
            sum.xact_count,
            sum.query_count,
            sum.client_bytes,
            sum.server_bytes,
            sum.xact_time,
            sum.query_time,
            sum.wait_time,
            sum.parse_count,
            sum.parse_count,
            sum.bind_count,
            sum.client_login_count,
        };
    }
    return totals;
}

admin::ListsRow lists_row(const Staff& staff, const registry::Runtime& runtime) {
    auto& process = staff.process;
    admin::ListsRow row;
    row.databases = static_cast<int>(runtime.config->databases.size());
    row.users = static_cast<int>(user_rows(process, runtime).size());
    row.peers = static_cast<int>(runtime.config->peers.size());
    for (const auto& worker : process.workers) {
        row.used_clients += worker.clients.load(std::memory_order_relaxed);
    }
    row.used_clients += staff.gate.console_count();
    row.login_clients = staff.gate.login_count();
    for (const auto& pool : pool_rows(process)) {
        ++row.pools;
        row.used_servers += pool.sv_active + pool.sv_idle + pool.sv_used + pool.sv_tested + pool.sv_login + pool.sv_being_canceled;
    }
    return row;
}

namespace {

using admin::Show;

std::vector<admin::MemoryRow> memory_rows(const admin::ListsRow& lists) {
    const auto used = [](int count, std::size_t size, const char* name) {
        return admin::MemoryRow{name, static_cast<int>(size), count, 0, static_cast<std::int64_t>(size) * count};
    };
    return {
        used(lists.used_clients, sizeof(worker::Client), "client_cache"),
        used(lists.used_servers, sizeof(worker::Server), "server_cache"),
        used(lists.pools, sizeof(registry::SharedPool), "pool_cache"),
    };
}

void collect_sockets(const Sources& sources, admin::Snapshot& snapshot, bool clients, bool servers) {
    if (clients) {
        // A worker that fills it must not stop to move ten thousand rows.
        std::size_t expected = 64;
        for (const auto& worker : sources.staff.process.workers) {
            expected += static_cast<std::size_t>(std::max(0, worker.clients.load(std::memory_order_relaxed)));
        }
        snapshot.clients.reserve(expected);
    }
    ask_each_worker(sources.staff, [&](worker::Worker& worker, std::function<void()> done) {
        worker.collect_rows(snapshot, clients, servers, std::move(done));
    });
    if (clients) {
        std::promise<std::vector<admin::ClientRow>> rows;
        sources.staff.gate.collect_rows([&rows](std::vector<admin::ClientRow> found) { rows.set_value(std::move(found)); });
        for (auto& row : rows.get_future().get()) {
            snapshot.clients.push_back(std::move(row));
        }
    }
}

}  // namespace

admin::Snapshot collect(Show what, const Sources& sources) {
    admin::Snapshot snapshot;
    auto& process = sources.staff.process;
    switch (what) {
        case Show::kVersion:
            snapshot.version = process.version;
            break;
        case Show::kPools:
            snapshot.pools = pool_rows(process);
            break;
        case Show::kClients:
            collect_sockets(sources, snapshot, true, false);
            break;
        case Show::kServers:
            collect_sockets(sources, snapshot, false, true);
            break;
        case Show::kSockets:
        case Show::kActiveSockets:
            collect_sockets(sources, snapshot, true, true);
            break;
        case Show::kStats:
        case Show::kStatsTotals:
        case Show::kStatsAverages:
        case Show::kTotals:
            snapshot.stats = sources.stats.rows(stats_totals(process));
            break;
        case Show::kDatabases:
            snapshot.databases = database_rows(process, *sources.runtime.get());
            break;
        case Show::kUsers:
            snapshot.users = user_rows(process, *sources.runtime.get());
            break;
        case Show::kLists:
            snapshot.lists = lists_row(sources.staff, *sources.runtime.get());
            snapshot.lists.dns_names = static_cast<int>(sources.resolver.known().size());
            break;
        case Show::kMem:
            snapshot.memory = memory_rows(lists_row(sources.staff, *sources.runtime.get()));
            break;
        case Show::kState: {
            const auto phase = sources.phase.get();
            // An ending that waits for servers holds them as PAUSE does, and PgBouncer shows it so.
            snapshot.state = {phase == Phase::kPaused || phase == Phase::kWaitingForServers, phase == Phase::kSuspended, process.io_engine};
            break;
        }
        case Show::kDnsHosts:
            for (const auto& known : sources.resolver.known()) {
                snapshot.dns.push_back({known.host, known.seconds_left, known.addresses});
            }
            break;
        case Show::kHelp:
        case Show::kConfig:
        case Show::kDnsZones:
        case Show::kPeers:
        case Show::kPeerPools:
        case Show::kFds:
        case Show::kParameter:
            break;  // the configuration and constants
    }
    return snapshot;
}

}  // namespace cenote::app
