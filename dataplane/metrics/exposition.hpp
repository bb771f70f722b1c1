// Samples in, Prometheus text out. Pure. The pgbouncer_* names are those of prometheus-community/pgbouncer_exporter, so that dashboards and
// alerts made for it work; what PgBouncer has no word for is cenote_*. Each sample struct is one row of the console's SHOW of that name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cenote::metrics {

/// One pool, as SHOW POOLS.
struct PoolSample {
    std::string database;
    std::string user;
    std::uint64_t cl_active = 0;
    std::uint64_t cl_waiting = 0;
    std::uint64_t cl_active_cancel_req = 0;
    std::uint64_t cl_waiting_cancel_req = 0;
    std::uint64_t sv_active = 0;
    std::uint64_t sv_active_cancel = 0;
    std::uint64_t sv_being_canceled = 0;
    std::uint64_t sv_idle = 0;
    std::uint64_t sv_used = 0;
    std::uint64_t sv_tested = 0;
    std::uint64_t sv_login = 0;
    double maxwait = 0;  // seconds
};

/// One database, as SHOW DATABASES.
struct DatabaseSample {
    std::string name;
    std::string host;
    std::uint16_t port = 5432;
    std::string database;
    std::string force_user;
    std::string pool_mode;
    std::uint64_t pool_size = 0;
    std::uint64_t min_pool_size = 0;
    std::uint64_t reserve_pool = 0;
    std::uint64_t max_connections = 0;  // 0 = no limit
    std::uint64_t current_connections = 0;
    bool paused = false;
    bool disabled = false;
};

/// Totals of one database since the start, as SHOW STATS_TOTALS. Times in microseconds, as there.
struct StatsSample {
    std::string database;
    std::uint64_t server_assignment_count = 0;
    std::uint64_t xact_count = 0;
    std::uint64_t query_count = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t xact_time = 0;
    std::uint64_t query_time = 0;
    std::uint64_t wait_time = 0;
    std::uint64_t client_parse_count = 0;
    std::uint64_t server_parse_count = 0;
    std::uint64_t bind_count = 0;
    std::uint64_t client_login_count = 0;
};

/// The process as a whole.
struct ProcessSample {
    std::string version;
    double start_time = 0;  // seconds since 1970
    std::uint64_t workers = 0;
    std::uint64_t max_client_conn = 0;
    std::uint64_t max_user_connections = 0;
    std::uint64_t free_clients = 0;
    std::uint64_t used_clients = 0;
    std::uint64_t login_clients = 0;
    std::uint64_t free_servers = 0;
    std::uint64_t used_servers = 0;
    std::uint64_t databases = 0;
    std::uint64_t pools = 0;
    std::uint64_t users = 0;
    std::uint64_t config_reloads = 0;
    std::uint64_t config_reload_failures = 0;
    bool last_reload_ok = true;
    bool paused = false;
    bool draining = false;
};

struct Samples {
    ProcessSample process;
    std::vector<DatabaseSample> databases;
    std::vector<PoolSample> pools;
    std::vector<StatsSample> stats;
};

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The exposition format's text. Names that are not UTF-8 appear as "<invalid>", the exporter's way: Prometheus refuses them.
[[nodiscard]] std::string write_exposition(const Samples& samples);

}  // namespace cenote::metrics
