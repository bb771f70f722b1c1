// SHOW STATS, STATS_TOTALS, STATS_AVERAGES, TOTALS. One list of counters drives all four; only their names differ, and they do, by
// PgBouncer's history.
#include "dataplane/admin/cells.hpp"
#include "dataplane/admin/show.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::admin {
namespace {

using enum ColumnType;

struct Counter {
    std::uint64_t StatsCounters::* value;
    std::string_view stats_total;  // SHOW STATS
    std::string_view stats_average;
    std::string_view totals_column;    // SHOW STATS_TOTALS
    std::string_view averages_column;  // SHOW STATS_AVERAGES
    std::string_view totals_row;       // SHOW TOTALS, after total_ and avg_
};

constexpr std::array kCounters{
    Counter{
        &StatsCounters::server_assignment_count, "total_server_assignment_count", "avg_server_assignment_count", "server_assignment_count",
        "server_assignment_count", "server_assignment_count"
    },
    Counter{&StatsCounters::xact_count, "total_xact_count", "avg_xact_count", "xact_count", "xact_count", "xact_count"},
    Counter{&StatsCounters::query_count, "total_query_count", "avg_query_count", "query_count", "query_count", "query_count"},
    Counter{&StatsCounters::client_bytes, "total_received", "avg_recv", "bytes_received", "bytes_received", "client_bytes"},
    Counter{&StatsCounters::server_bytes, "total_sent", "avg_sent", "bytes_sent", "bytes_sent", "server_bytes"},
    Counter{&StatsCounters::xact_time, "total_xact_time", "avg_xact_time", "xact_time", "xact_time", "xact_time"},
    Counter{&StatsCounters::query_time, "total_query_time", "avg_query_time", "query_time", "query_time", "query_time"},
    Counter{&StatsCounters::wait_time, "total_wait_time", "avg_wait_time", "wait_time", "wait_time", "wait_time"},
    Counter{
        &StatsCounters::client_parse_count, "total_client_parse_count", "avg_client_parse_count", "client_parse_count",
        "avg_client_parse_count", "ps_client_parse_count"
    },
    Counter{
        &StatsCounters::server_parse_count, "total_server_parse_count", "avg_server_parse_count", "server_parse_count",
        "avg_server_parse_count", "ps_server_parse_count"
    },
    Counter{&StatsCounters::bind_count, "total_bind_count", "avg_bind_count", "bind_count", "avg_bind_count", "ps_bind_count"},
    Counter{
        &StatsCounters::client_login_count, "total_client_login_count", "avg_client_login_count", "client_login_count",
        "avg_client_login_count", "client_login_count"
    },
};

void add_columns(Table& table, std::string_view Counter::* name) {
    for (const Counter& counter : kCounters) {
        table.columns.push_back({counter.*name, kNumeric});
    }
}

void add_values(Row& row, const StatsCounters& counters) {
    for (const Counter& counter : kCounters) {
        row.push_back(number(counters.*counter.value));
    }
}

// The mean of means, weighted by how often the thing happened; a database with less than one a second still counts as one.
class WeightedMean {
public:
    void add(std::uint64_t mean, std::uint64_t count) {
        if (mean == 0) {
            return;
        }
        const std::uint64_t weight = count == 0 ? 1 : count;
        sum_ += mean * weight;
        weight_ += weight;
    }
    [[nodiscard]] std::uint64_t value() const { return weight_ == 0 ? 0 : sum_ / weight_; }

private:
    std::uint64_t sum_ = 0;
    std::uint64_t weight_ = 0;
};

StatsCounters overall_average(const std::vector<StatsRow>& stats) {
    StatsCounters average;
    WeightedMean xact_time;
    WeightedMean query_time;
    WeightedMean wait_time;
    for (const StatsRow& row : stats) {
        average += row.average;
        xact_time.add(row.average.xact_time, row.average.xact_count);
        query_time.add(row.average.query_time, row.average.query_count);
        wait_time.add(row.average.wait_time, row.average.server_assignment_count);
    }
    average.xact_time = xact_time.value();
    average.query_time = query_time.value();
    average.wait_time = wait_time.value();
    return average;
}

Table one_kind(const std::vector<StatsRow>& stats, std::string_view Counter::* name, StatsCounters StatsRow::* counters) {
    Table table;
    table.columns.push_back({"database", kText});
    add_columns(table, name);
    for (const StatsRow& stat : stats) {
        Row row{text(stat.database)};
        add_values(row, stat.*counters);
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

Table show_stats(const std::vector<StatsRow>& stats) {
    Table table;
    table.columns.push_back({"database", kText});
    add_columns(table, &Counter::stats_total);
    add_columns(table, &Counter::stats_average);
    for (const StatsRow& stat : stats) {
        Row row{text(stat.database)};
        add_values(row, stat.total);
        add_values(row, stat.average);
        table.rows.push_back(std::move(row));
    }
    return table;
}

Table show_stats_totals(const std::vector<StatsRow>& stats) { return one_kind(stats, &Counter::totals_column, &StatsRow::total); }

Table show_stats_averages(const std::vector<StatsRow>& stats) { return one_kind(stats, &Counter::averages_column, &StatsRow::average); }

Table show_totals(const std::vector<StatsRow>& stats) {
    StatsCounters total;
    for (const StatsRow& stat : stats) {
        total += stat.total;
    }
    const StatsCounters average = overall_average(stats);
    Table table;
    table.columns = {{"name", kText}, {"value", kNumeric}};
    for (const Counter& counter : kCounters) {
        table.rows.push_back({fmt::format("total_{}", counter.totals_row), number(total.*counter.value)});
    }
    for (const Counter& counter : kCounters) {
        table.rows.push_back({fmt::format("avg_{}", counter.totals_row), number(average.*counter.value)});
    }
    return table;
}

}  // namespace cenote::admin
