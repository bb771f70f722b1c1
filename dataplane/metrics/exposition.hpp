// The console's rows in, Prometheus text out. Pure. The pgbouncer_* names are those of prometheus-community/pgbouncer_exporter, so that
// dashboards and alerts made for it work; what PgBouncer has no word for is cenote_*.
#pragma once

#include "dataplane/admin/rows.hpp"

#include <string>
#include <vector>

namespace cenote::metrics {

/// The process as a whole.
struct ProcessSample {
    std::string version{};
    std::string io_engine{};
    double start_time = 0;  // seconds since 1970
    std::uint64_t workers = 0;
    int max_client_conn = 0;
    int max_user_connections = 0;
    config::PoolMode pool_mode = config::PoolMode::kSession;  // of databases that set none
    admin::ListsRow lists{};
    std::uint64_t config_reloads = 0;
    std::uint64_t config_reload_failures = 0;
    bool last_reload_ok = true;
    bool paused = false;
    bool draining = false;
};

struct Samples {
    ProcessSample process;
    std::vector<admin::DatabaseRow> databases;
    std::vector<admin::PoolRow> pools;
    std::vector<admin::StatsRow> stats;  // their totals
};

inline constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

/// The exposition format's text. Names that are not UTF-8 appear as "<invalid>", the exporter's way: Prometheus refuses them.
[[nodiscard]] std::string write_exposition(const Samples& samples);

}  // namespace cenote::metrics
