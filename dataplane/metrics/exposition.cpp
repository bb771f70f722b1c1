#include "dataplane/metrics/exposition.hpp"

#include "dataplane/base/utf8.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace cenote::metrics {
namespace {

using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<prometheus::ClientMetric::Label>;
using prometheus::MetricType;

constexpr double kMicrosecond = 1e-6;

// One metric that is read from a field of a sample. Field: a pointer to a member of Sample.
template <class Sample, class Field>
struct Column {
    const char* name;
    const char* help;
    MetricType type;
    Field Sample::* field;
    double factor = 1;
};

using admin::DatabaseRow;
using admin::ListsRow;
using admin::PoolRow;
using admin::StatsCounters;

template <class Number>
double number(Number value) {
    return static_cast<double>(value);
}
double number(config::Microseconds value) { return std::chrono::duration<double>(value).count(); }

constexpr Column<PoolRow, int> kPoolColumns[] = {
    {"pgbouncer_pools_client_active_connections", "Client connections linked to a server connection and able to process queries",
     MetricType::Gauge, &PoolRow::cl_active},
    {"pgbouncer_pools_client_active_cancel_connections",
     "Client connections that have forwarded query cancellations to the server and are waiting for the server response", MetricType::Gauge,
     &PoolRow::cl_active_cancel_req},
    {"pgbouncer_pools_client_waiting_connections", "Client connections waiting for a server connection", MetricType::Gauge,
     &PoolRow::cl_waiting},
    {"pgbouncer_pools_client_waiting_cancel_connections",
     "Client connections that have not forwarded query cancellations to the server yet", MetricType::Gauge,
     &PoolRow::cl_waiting_cancel_req},
    {"pgbouncer_pools_server_active_connections", "Server connections linked to a client connection", MetricType::Gauge, &PoolRow::sv_active
    },
    {"pgbouncer_pools_server_active_cancel_connections", "Server connections that are forwarding a cancel request", MetricType::Gauge,
     &PoolRow::sv_active_cancel},
    {"pgbouncer_pools_server_being_canceled_connections",
     "Server connections that could be idle but wait until all cancel requests in flight for them have completed", MetricType::Gauge,
     &PoolRow::sv_being_canceled},
    {"pgbouncer_pools_server_idle_connections", "Server connections idle and ready for a client query", MetricType::Gauge, &PoolRow::sv_idle
    },
    {"pgbouncer_pools_server_used_connections", "Server connections idle for more than server_check_delay, which need server_check_query",
     MetricType::Gauge, &PoolRow::sv_used},
    {"pgbouncer_pools_server_testing_connections", "Server connections running server_reset_query or server_check_query", MetricType::Gauge,
     &PoolRow::sv_tested},
    {"pgbouncer_pools_server_login_connections", "Server connections that are logging in", MetricType::Gauge, &PoolRow::sv_login},
};

constexpr Column<DatabaseRow, int> kDatabaseColumns[] = {
    {"pgbouncer_databases_pool_size", "Maximum number of server connections of a pool", MetricType::Gauge, &DatabaseRow::pool_size},
    {"pgbouncer_databases_min_pool_size", "Server connections kept open in a pool", MetricType::Gauge, &DatabaseRow::min_pool_size},
    {"pgbouncer_databases_reserve_pool", "Maximum number of additional connections for this database", MetricType::Gauge,
     &DatabaseRow::reserve_pool_size},
    {"pgbouncer_databases_max_connections", "Maximum number of allowed connections for this database; 0 is no limit", MetricType::Gauge,
     &DatabaseRow::max_connections},
    {"pgbouncer_databases_current_connections", "Current number of connections for this database", MetricType::Gauge,
     &DatabaseRow::current_connections},
};

// Named without their prefix: current exporters say pgbouncer_stats_totals_, older ones (and the dashboards made for them)
// pgbouncer_stats_.
constexpr Column<StatsCounters, std::uint64_t> kStatsColumns[] = {
    {"server_assignments_total", "Total number of times a server connection was given to a client", MetricType::Counter,
     &StatsCounters::server_assignment_count},
    {"sql_transactions_pooled_total", "Total number of SQL transactions pooled", MetricType::Counter, &StatsCounters::xact_count},
    {"queries_pooled_total", "Total number of SQL queries pooled", MetricType::Counter, &StatsCounters::query_count},
    {"received_bytes_total", "Total volume in bytes of network traffic received", MetricType::Counter, &StatsCounters::client_bytes},
    {"sent_bytes_total", "Total volume in bytes of network traffic sent", MetricType::Counter, &StatsCounters::server_bytes},
    {"server_in_transaction_seconds_total",
     "Total number of seconds spent in a transaction with PostgreSQL, idle in it or executing queries", MetricType::Counter,
     &StatsCounters::xact_time, kMicrosecond},
    {"queries_duration_seconds_total", "Total number of seconds spent executing queries with PostgreSQL", MetricType::Counter,
     &StatsCounters::query_time, kMicrosecond},
    {"client_wait_seconds_total", "Total number of seconds that clients waited for a server connection", MetricType::Counter,
     &StatsCounters::wait_time, kMicrosecond},
    {"client_parses_total", "Total number of prepared statement Parse messages received from clients", MetricType::Counter,
     &StatsCounters::client_parse_count},
    {"server_parses_total", "Total number of prepared statement Parse messages sent to PostgreSQL", MetricType::Counter,
     &StatsCounters::server_parse_count},
    {"binds_total", "Total number of prepared statements readied for execution with a Bind message", MetricType::Counter,
     &StatsCounters::bind_count},
    {"client_logins_total", "Total number of successful client logins", MetricType::Counter, &StatsCounters::client_login_count},
};

constexpr Column<ListsRow, int> kListColumns[] = {
    {"pgbouncer_databases", "Count of databases", MetricType::Gauge, &ListsRow::databases},
    {"pgbouncer_users", "Count of users", MetricType::Gauge, &ListsRow::users},
    {"pgbouncer_pools", "Count of pools", MetricType::Gauge, &ListsRow::pools},
    {"pgbouncer_free_clients", "Count of free clients", MetricType::Gauge, &ListsRow::free_clients},
    {"pgbouncer_used_clients", "Count of used clients", MetricType::Gauge, &ListsRow::used_clients},
    {"pgbouncer_login_clients", "Count of clients in login state", MetricType::Gauge, &ListsRow::login_clients},
    {"pgbouncer_free_servers", "Count of free servers", MetricType::Gauge, &ListsRow::free_servers},
    {"pgbouncer_used_servers", "Count of used servers", MetricType::Gauge, &ListsRow::used_servers},
};

constexpr Column<ProcessSample, int> kLimitColumns[] = {
    {"pgbouncer_config_max_client_connections", "Configured maximum number of client connections", MetricType::Gauge,
     &ProcessSample::max_client_conn},
    {"pgbouncer_config_max_user_connections", "Configured maximum number of server connections per user", MetricType::Gauge,
     &ProcessSample::max_user_connections},
};

constexpr Column<ProcessSample, std::uint64_t> kProcessColumns[] = {
    {"cenote_workers", "Worker threads that share the pools", MetricType::Gauge, &ProcessSample::workers},
    {"cenote_config_reloads_total", "Times the configuration was read again and taken over", MetricType::Counter,
     &ProcessSample::config_reloads},
    {"cenote_config_reload_failures_total", "Times a changed configuration was refused and the old one kept", MetricType::Counter,
     &ProcessSample::config_reload_failures},
};

constexpr Column<ProcessSample, bool> kProcessFlags[] = {
    {"cenote_config_last_reload_successful", "1 if the configuration was taken over when it was last read, 0 if it was refused",
     MetricType::Gauge, &ProcessSample::last_reload_ok},
    {"cenote_paused", "1 while all databases are paused", MetricType::Gauge, &ProcessSample::paused},
    {"cenote_draining", "1 while the process lets its clients finish before it ends", MetricType::Gauge, &ProcessSample::draining},
};

// Prometheus refuses a scrape with a label that is not UTF-8.
prometheus::ClientMetric::Label label(const char* name, const std::string& value) { return {name, is_utf8(value) ? value : "<invalid>"}; }

void add_metric(prometheus::MetricFamily& family, Labels labels, double value) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = value;  // the family's type says which of the two is written
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
}

void add_single(Families& families, const char* name, const char* help, double value, Labels labels = {}) {
    families.push_back({name, help, MetricType::Gauge, {}});
    add_metric(families.back(), std::move(labels), value);
}

// A family for each column, a metric in it for each row. No rows: no family, as in the exporter. part_of: where in the row the columns are.
template <class Row, class Sample, class Field, std::size_t N, class LabelsOf, class PartOf = std::identity>
void add_columns(
    Families& families, std::string_view prefix, const Column<Sample, Field> (&columns)[N], std::span<const Row> rows,
    const LabelsOf& labels_of, const PartOf& part_of = {}
) {
    if (rows.empty()) {
        return;
    }
    for (const auto& column : columns) {
        families.push_back({std::string(prefix) + column.name, column.help, column.type, {}});
        for (const Row& row : rows) {
            add_metric(families.back(), labels_of(row), number(part_of(row).*column.field) * column.factor);
        }
    }
}

void add_process(Families& families, const ProcessSample& process) {
    const auto no_labels = [](const auto&) { return Labels{}; };
    const std::span samples(&process, 1);
    const std::span lists(&process.lists, 1);
    add_single(families, "pgbouncer_up", "1: the pooler answers", 1);
    add_single(families, "pgbouncer_version_info", "The pooler's version", 1, {label("version", process.version)});
    add_single(families, "cenote_build_info", "The version of Cenote", 1, {label("version", process.version)});
    add_single(families, "cenote_io_engine_info", "What workers wait for their sockets with", 1, {label("engine", process.io_engine)});
    add_single(families, "process_start_time_seconds", "Start time of the process since the Unix epoch in seconds", process.start_time);
    add_columns(families, "", kListColumns, lists, no_labels);
    add_columns(families, "", kLimitColumns, samples, no_labels);
    add_columns(families, "", kProcessColumns, samples, no_labels);
    add_columns(families, "", kProcessFlags, samples, no_labels);
}

void add_databases(Families& families, std::span<const DatabaseRow> databases, config::PoolMode general_mode) {
    const auto labels_of = [&](const DatabaseRow& sample) {
        return Labels{
            label("name", sample.name),
            label("host", sample.host),
            label("port", std::to_string(sample.port)),
            label("database", sample.database),
            label("force_user", sample.force_user),
            label("pool_mode", std::string(config::to_string(sample.pool_mode.value_or(general_mode))))
        };
    };
    static constexpr Column<DatabaseRow, bool> kFlags[] = {
        {"pgbouncer_databases_paused", "1 if this database is paused, else 0", MetricType::Gauge, &DatabaseRow::paused},
        {"pgbouncer_databases_disabled", "1 if this database is disabled, else 0", MetricType::Gauge, &DatabaseRow::disabled},
    };
    add_columns(families, "", kDatabaseColumns, databases, labels_of);
    add_columns(families, "", kFlags, databases, labels_of);
}

void add_pools(Families& families, std::span<const PoolRow> pools) {
    const auto labels_of = [](const PoolRow& sample) { return Labels{label("database", sample.database), label("user", sample.user)}; };
    static constexpr Column<PoolRow, config::Microseconds> kMaxWait[] = {
        {"pgbouncer_pools_client_maxwait_seconds", "How long the client that waits longest has waited for a server connection",
         MetricType::Gauge, &PoolRow::max_wait},
    };
    add_columns(families, "", kPoolColumns, pools, labels_of);
    add_columns(families, "", kMaxWait, pools, labels_of);
}

void add_stats(Families& families, std::span<const admin::StatsRow> stats) {
    const auto labels_of = [](const admin::StatsRow& row) { return Labels{label("database", row.database)}; };
    const auto totals_of = [](const admin::StatsRow& row) -> const StatsCounters& { return row.total; };
    add_columns(families, "pgbouncer_stats_totals_", kStatsColumns, stats, labels_of, totals_of);
    add_columns(families, "pgbouncer_stats_", kStatsColumns, stats, labels_of, totals_of);
}

}  // namespace

std::string write_exposition(const Samples& samples) {
    Families families;
    add_process(families, samples.process);
    add_databases(families, samples.databases, samples.process.pool_mode);
    add_pools(families, samples.pools);
    add_stats(families, samples.stats);
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cenote::metrics
