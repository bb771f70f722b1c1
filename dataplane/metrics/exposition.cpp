#include "dataplane/metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <cstddef>
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
template <class Sample>
using Count = Column<Sample, std::uint64_t>;

constexpr Count<PoolSample> kPoolColumns[] = {
    {"pgbouncer_pools_client_active_connections", "Client connections linked to a server connection and able to process queries",
     MetricType::Gauge, &PoolSample::cl_active},
    {"pgbouncer_pools_client_active_cancel_connections",
     "Client connections that have forwarded query cancellations to the server and are waiting for the server response", MetricType::Gauge,
     &PoolSample::cl_active_cancel_req},
    {"pgbouncer_pools_client_waiting_connections", "Client connections waiting for a server connection", MetricType::Gauge,
     &PoolSample::cl_waiting},
    {"pgbouncer_pools_client_waiting_cancel_connections",
     "Client connections that have not forwarded query cancellations to the server yet", MetricType::Gauge,
     &PoolSample::cl_waiting_cancel_req},
    {"pgbouncer_pools_server_active_connections", "Server connections linked to a client connection", MetricType::Gauge,
     &PoolSample::sv_active},
    {"pgbouncer_pools_server_active_cancel_connections", "Server connections that are forwarding a cancel request", MetricType::Gauge,
     &PoolSample::sv_active_cancel},
    {"pgbouncer_pools_server_being_canceled_connections",
     "Server connections that could be idle but wait until all cancel requests in flight for them have completed", MetricType::Gauge,
     &PoolSample::sv_being_canceled},
    {"pgbouncer_pools_server_idle_connections", "Server connections idle and ready for a client query", MetricType::Gauge,
     &PoolSample::sv_idle},
    {"pgbouncer_pools_server_used_connections", "Server connections idle for more than server_check_delay, which need server_check_query",
     MetricType::Gauge, &PoolSample::sv_used},
    {"pgbouncer_pools_server_testing_connections", "Server connections running server_reset_query or server_check_query", MetricType::Gauge,
     &PoolSample::sv_tested},
    {"pgbouncer_pools_server_login_connections", "Server connections that are logging in", MetricType::Gauge, &PoolSample::sv_login},
};

constexpr Count<DatabaseSample> kDatabaseColumns[] = {
    {"pgbouncer_databases_pool_size", "Maximum number of server connections of a pool", MetricType::Gauge, &DatabaseSample::pool_size},
    {"pgbouncer_databases_min_pool_size", "Server connections kept open in a pool", MetricType::Gauge, &DatabaseSample::min_pool_size},
    {"pgbouncer_databases_reserve_pool", "Maximum number of additional connections for this database", MetricType::Gauge,
     &DatabaseSample::reserve_pool},
    {"pgbouncer_databases_max_connections", "Maximum number of allowed connections for this database; 0 is no limit", MetricType::Gauge,
     &DatabaseSample::max_connections},
    {"pgbouncer_databases_current_connections", "Current number of connections for this database", MetricType::Gauge,
     &DatabaseSample::current_connections},
};

// Named without their prefix: current exporters say pgbouncer_stats_totals_, older ones (and the dashboards made for them)
// pgbouncer_stats_.
constexpr Count<StatsSample> kStatsColumns[] = {
    {"server_assignments_total", "Total number of times a server connection was given to a client", MetricType::Counter,
     &StatsSample::server_assignment_count},
    {"sql_transactions_pooled_total", "Total number of SQL transactions pooled", MetricType::Counter, &StatsSample::xact_count},
    {"queries_pooled_total", "Total number of SQL queries pooled", MetricType::Counter, &StatsSample::query_count},
    {"received_bytes_total", "Total volume in bytes of network traffic received", MetricType::Counter, &StatsSample::bytes_received},
    {"sent_bytes_total", "Total volume in bytes of network traffic sent", MetricType::Counter, &StatsSample::bytes_sent},
    {"server_in_transaction_seconds_total",
     "Total number of seconds spent in a transaction with PostgreSQL, idle in it or executing queries", MetricType::Counter,
     &StatsSample::xact_time, kMicrosecond},
    {"queries_duration_seconds_total", "Total number of seconds spent executing queries with PostgreSQL", MetricType::Counter,
     &StatsSample::query_time, kMicrosecond},
    {"client_wait_seconds_total", "Total number of seconds that clients waited for a server connection", MetricType::Counter,
     &StatsSample::wait_time, kMicrosecond},
    {"client_parses_total", "Total number of prepared statement Parse messages received from clients", MetricType::Counter,
     &StatsSample::client_parse_count},
    {"server_parses_total", "Total number of prepared statement Parse messages sent to PostgreSQL", MetricType::Counter,
     &StatsSample::server_parse_count},
    {"binds_total", "Total number of prepared statements readied for execution with a Bind message", MetricType::Counter,
     &StatsSample::bind_count},
    {"client_logins_total", "Total number of successful client logins", MetricType::Counter, &StatsSample::client_login_count},
};

constexpr Count<ProcessSample> kProcessColumns[] = {
    {"pgbouncer_databases", "Count of databases", MetricType::Gauge, &ProcessSample::databases},
    {"pgbouncer_users", "Count of users", MetricType::Gauge, &ProcessSample::users},
    {"pgbouncer_pools", "Count of pools", MetricType::Gauge, &ProcessSample::pools},
    {"pgbouncer_free_clients", "Count of free clients", MetricType::Gauge, &ProcessSample::free_clients},
    {"pgbouncer_used_clients", "Count of used clients", MetricType::Gauge, &ProcessSample::used_clients},
    {"pgbouncer_login_clients", "Count of clients in login state", MetricType::Gauge, &ProcessSample::login_clients},
    {"pgbouncer_free_servers", "Count of free servers", MetricType::Gauge, &ProcessSample::free_servers},
    {"pgbouncer_used_servers", "Count of used servers", MetricType::Gauge, &ProcessSample::used_servers},
    {"pgbouncer_config_max_client_connections", "Configured maximum number of client connections", MetricType::Gauge,
     &ProcessSample::max_client_conn},
    {"pgbouncer_config_max_user_connections", "Configured maximum number of server connections per user", MetricType::Gauge,
     &ProcessSample::max_user_connections},
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

// Prometheus refuses a scrape with a label that is not UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = [&](std::size_t offset) {
            return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
        };
        const unsigned lead = byte(0);
        std::size_t length = 1;
        unsigned low = 0x80;
        unsigned high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) {
            length = 2;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            length = 3;
            low = lead == 0xe0 ? 0xa0 : low;
            high = lead == 0xed ? 0x9f : high;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            length = 4;
            low = lead == 0xf0 ? 0x90 : low;
            high = lead == 0xf4 ? 0x8f : high;
        } else if (lead >= 0x80) {
            return false;
        }
        for (std::size_t offset = 1; offset < length; ++offset) {
            if (byte(offset) < low || byte(offset) > high) {
                return false;
            }
            low = 0x80;
            high = 0xbf;
        }
        at += length;
    }
    return true;
}

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

// A family for each column, a metric in it for each sample. No samples: no family, as in the exporter.
template <class Sample, class Field, std::size_t N, class LabelsOf>
void add_columns(
    Families& families, std::string_view prefix, const Column<Sample, Field> (&columns)[N], std::span<const Sample> samples,
    const LabelsOf& labels_of
) {
    if (samples.empty()) {
        return;
    }
    for (const auto& column : columns) {
        families.push_back({std::string(prefix) + column.name, column.help, column.type, {}});
        for (const Sample& sample : samples) {
            add_metric(families.back(), labels_of(sample), static_cast<double>(sample.*column.field) * column.factor);
        }
    }
}

void add_process(Families& families, const ProcessSample& process) {
    const auto no_labels = [](const ProcessSample&) { return Labels{}; };
    const std::span samples(&process, 1);
    add_single(families, "pgbouncer_up", "1: the pooler answers", 1);
    add_single(families, "pgbouncer_version_info", "The pooler's version", 1, {label("version", process.version)});
    add_single(families, "cenote_build_info", "The version of Cenote", 1, {label("version", process.version)});
    add_single(families, "process_start_time_seconds", "Start time of the process since the Unix epoch in seconds", process.start_time);
    add_columns(families, "", kProcessColumns, samples, no_labels);
    add_columns(families, "", kProcessFlags, samples, no_labels);
}

void add_databases(Families& families, std::span<const DatabaseSample> databases) {
    const auto labels_of = [](const DatabaseSample& sample) {
        return Labels{
            label("name", sample.name),
            label("host", sample.host),
            label("port", std::to_string(sample.port)),
            label("database", sample.database),
            label("force_user", sample.force_user),
            label("pool_mode", sample.pool_mode)
        };
    };
    static constexpr Column<DatabaseSample, bool> kFlags[] = {
        {"pgbouncer_databases_paused", "1 if this database is paused, else 0", MetricType::Gauge, &DatabaseSample::paused},
        {"pgbouncer_databases_disabled", "1 if this database is disabled, else 0", MetricType::Gauge, &DatabaseSample::disabled},
    };
    add_columns(families, "", kDatabaseColumns, databases, labels_of);
    add_columns(families, "", kFlags, databases, labels_of);
}

void add_pools(Families& families, std::span<const PoolSample> pools) {
    const auto labels_of = [](const PoolSample& sample) { return Labels{label("database", sample.database), label("user", sample.user)}; };
    static constexpr Column<PoolSample, double> kMaxWait[] = {
        {"pgbouncer_pools_client_maxwait_seconds", "How long the client that waits longest has waited for a server connection",
         MetricType::Gauge, &PoolSample::maxwait},
    };
    add_columns(families, "", kPoolColumns, pools, labels_of);
    add_columns(families, "", kMaxWait, pools, labels_of);
}

void add_stats(Families& families, std::span<const StatsSample> stats) {
    const auto labels_of = [](const StatsSample& sample) { return Labels{label("database", sample.database)}; };
    add_columns(families, "pgbouncer_stats_totals_", kStatsColumns, stats, labels_of);
    add_columns(families, "pgbouncer_stats_", kStatsColumns, stats, labels_of);
}

}  // namespace

std::string write_exposition(const Samples& samples) {
    Families families;
    add_process(families, samples.process);
    add_databases(families, samples.databases);
    add_pools(families, samples.pools);
    add_stats(families, samples.stats);
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace cenote::metrics
