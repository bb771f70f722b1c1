#include "dataplane/metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace cenote::metrics {
namespace {

// Prometheus' text format, read back: strict enough that what it accepts, Prometheus accepts.
struct Parsed {
    std::map<std::string, std::string> types;
    std::map<std::string, std::string> helps;
    std::map<std::string, double> values;  // by the whole series: name{labels}
    std::vector<std::string> mistakes;

    [[nodiscard]] std::optional<double> value(const std::string& series) const {
        const auto found = values.find(series);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    }
};

// The end of name{label="value",…}, or nothing if it is not one.
std::optional<std::size_t> end_of_series(const std::string& line) {
    std::size_t at = line.find_first_of("{ ");
    if (at == std::string::npos || at == 0) {
        return std::nullopt;
    }
    if (line[at] == ' ') {
        return at;
    }
    bool quoted = false;
    for (++at; at < line.size(); ++at) {
        if (quoted && line[at] == '\\') {
            ++at;
        } else if (line[at] == '"') {
            quoted = !quoted;
        } else if (!quoted && line[at] == '}') {
            return at + 1;
        }
    }
    return std::nullopt;
}

void parse_line(const std::string& line, Parsed& parsed) {
    std::istringstream words(line);
    std::string mark;
    std::string kind;
    std::string name;
    words >> mark;
    if (mark == "#") {
        words >> kind >> name;
        std::string rest;
        std::getline(words >> std::ws, rest);
        auto& target = kind == "TYPE" ? parsed.types : parsed.helps;
        if ((kind != "TYPE" && kind != "HELP") || rest.empty() || !target.emplace(name, rest).second) {
            parsed.mistakes.push_back(line);
        }
        return;
    }
    const auto end = end_of_series(line);
    if (!end || *end + 1 >= line.size() || line[*end] != ' ') {
        parsed.mistakes.push_back(line);
        return;
    }
    const std::string series = line.substr(0, *end);
    char* number_end = nullptr;
    const double value = std::strtod(line.c_str() + *end + 1, &number_end);
    if (*number_end != '\0' || !parsed.types.contains(series.substr(0, series.find('{'))) || !parsed.values.emplace(series, value).second) {
        parsed.mistakes.push_back(line);
    }
}

Parsed parse(const std::string& text) {
    Parsed parsed;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) {
            parse_line(line, parsed);
        }
    }
    return parsed;
}

Samples make_samples() {
    Samples samples;
    samples.process.version = "0.1.0";
    samples.process.io_engine = "epoll";
    samples.process.start_time = 1.7e9;
    samples.process.workers = 2;
    samples.process.max_client_conn = 100;
    samples.process.lists.used_clients = 7;
    samples.process.config_reloads = 3;
    samples.process.config_reload_failures = 1;
    samples.process.last_reload_ok = false;
    samples.process.draining = true;
    auto& database = samples.databases.emplace_back();
    database.name = "orders";
    database.host = "db";
    database.port = 5433;
    database.database = "real";
    database.force_user = "app";
    database.pool_mode = config::PoolMode::kTransaction;
    database.pool_size = 12;
    database.min_pool_size = 2;
    database.reserve_pool_size = 1;
    database.max_connections = 13;
    database.current_connections = 4;
    database.paused = true;
    auto& pool = samples.pools.emplace_back();
    pool.database = "orders";
    pool.user = "app";
    pool.cl_active = 1;
    pool.cl_waiting = 2;
    pool.cl_active_cancel_req = 3;
    pool.cl_waiting_cancel_req = 4;
    pool.sv_active = 5;
    pool.sv_active_cancel = 6;
    pool.sv_being_canceled = 7;
    pool.sv_idle = 8;
    pool.sv_used = 9;
    pool.sv_tested = 10;
    pool.sv_login = 11;
    pool.max_wait = std::chrono::milliseconds(1250);
    auto& other = samples.pools.emplace_back();
    other.database = "orders";
    other.user = "re\"port\\er\nx";
    other.cl_active = 20;
    auto& stats = samples.stats.emplace_back();
    stats.database = "orders";
    stats.total = {1, 2, 12'345'678'901, 4, 1'000'000'000'000'000, 6'000'000, 1, 2'500'000, 9, 10, 11, 12};
    return samples;
}

TEST(Exposition, PoolsAreReadBack) {
    const Parsed parsed = parse(write_exposition(make_samples()));
    EXPECT_THAT(parsed.mistakes, testing::IsEmpty());
    const std::map<std::string, double> expected = {
        {"client_active_connections", 1},         {"client_waiting_connections", 2}, {"client_active_cancel_connections", 3},
        {"client_waiting_cancel_connections", 4}, {"server_active_connections", 5},  {"server_active_cancel_connections", 6},
        {"server_being_canceled_connections", 7}, {"server_idle_connections", 8},    {"server_used_connections", 9},
        {"server_testing_connections", 10},       {"server_login_connections", 11},  {"client_maxwait_seconds", 1.25},
    };
    for (const auto& [name, value] : expected) {
        EXPECT_EQ(parsed.value("pgbouncer_pools_" + name + "{database=\"orders\",user=\"app\"}"), value) << name;
        EXPECT_EQ(parsed.types.at("pgbouncer_pools_" + name), "gauge");
    }
    EXPECT_EQ(parsed.value(R"(pgbouncer_pools_client_active_connections{database="orders",user="re\"port\\er\nx"})"), 20);
}

TEST(Exposition, DatabasesAreReadBack) {
    const Parsed parsed = parse(write_exposition(make_samples()));
    const std::string labels = R"({name="orders",host="db",port="5433",database="real",force_user="app",pool_mode="transaction"})";
    const std::map<std::string, double> expected = {{"pool_size", 12},       {"min_pool_size", 2},       {"reserve_pool", 1},
                                                    {"max_connections", 13}, {"current_connections", 4}, {"paused", 1},
                                                    {"disabled", 0}};
    for (const auto& [name, value] : expected) {
        EXPECT_EQ(parsed.value("pgbouncer_databases_" + name + labels), value) << name;
    }
}

TEST(Exposition, ADatabaseWithoutAPoolModeHasTheGeneralOne) {
    Samples samples;
    samples.process.pool_mode = config::PoolMode::kStatement;
    samples.databases.emplace_back().name = "plain";
    EXPECT_THAT(
        write_exposition(samples), testing::HasSubstr(R"(name="plain",host="",port="5432",database="",force_user="",pool_mode="statement")")
    );
}

TEST(Exposition, StatsAreReadBackUnderBothNames) {
    const Parsed parsed = parse(write_exposition(make_samples()));
    const std::map<std::string, double> expected = {
        {"server_assignments_total", 1},
        {"sql_transactions_pooled_total", 2},
        {"queries_pooled_total", 12345678901.0},
        {"received_bytes_total", 4},
        {"sent_bytes_total", 1e15},
        {"server_in_transaction_seconds_total", 6},
        {"queries_duration_seconds_total", 1e-6},
        {"client_wait_seconds_total", 2.5},
        {"client_parses_total", 9},
        {"server_parses_total", 10},
        {"binds_total", 11},
        {"client_logins_total", 12}
    };
    for (const std::string prefix : {"pgbouncer_stats_totals_", "pgbouncer_stats_"}) {
        for (const auto& [name, value] : expected) {
            EXPECT_EQ(parsed.value(prefix + name + "{database=\"orders\"}"), value) << prefix << name;
            EXPECT_EQ(parsed.types.at(prefix + name), "counter");
        }
    }
}

TEST(Exposition, TheProcessIsReadBack) {
    const Parsed parsed = parse(write_exposition(make_samples()));
    const std::map<std::string, double> expected = {
        {"pgbouncer_up", 1},
        {"pgbouncer_version_info{version=\"0.1.0\"}", 1},
        {"cenote_build_info{version=\"0.1.0\"}", 1},
        {"cenote_io_engine_info{engine=\"epoll\"}", 1},
        {"process_start_time_seconds", 1.7e9},
        {"cenote_workers", 2},
        {"pgbouncer_config_max_client_connections", 100},
        {"pgbouncer_used_clients", 7},
        {"cenote_config_reloads_total", 3},
        {"cenote_config_reload_failures_total", 1},
        {"cenote_config_last_reload_successful", 0},
        {"cenote_paused", 0},
        {"cenote_draining", 1}
    };
    for (const auto& [series, value] : expected) {
        EXPECT_EQ(parsed.value(series), value) << series;
    }
}

TEST(Exposition, EachFamilyHasHelpAndType) {
    const Parsed parsed = parse(write_exposition(make_samples()));
    EXPECT_GT(parsed.types.size(), 50U);
    for (const auto& [name, type] : parsed.types) {
        EXPECT_TRUE(parsed.helps.contains(name)) << name;
        EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
    }
}

TEST(Exposition, NothingToShowIsNoFamily) {
    const Parsed parsed = parse(write_exposition({}));
    EXPECT_THAT(parsed.mistakes, testing::IsEmpty());
    for (const auto& [name, type] : parsed.types) {
        EXPECT_FALSE(
            name.starts_with("pgbouncer_pools_") || name.starts_with("pgbouncer_stats_") || name.starts_with("pgbouncer_databases_")
        ) << name;
    }
}

TEST(Exposition, LabelsThatAreNoUtf8AreReplaced) {
    const std::string good[] = {"", "plain", "\u00e4\u20ac\U0001f600", "\x7f"};
    const std::string bad[] = {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "a\x80", "\xf0\x9f\x98"};
    Samples samples;
    for (const std::string& name : good) {
        samples.stats = {admin::StatsRow{name, {}, {}}};
        EXPECT_NE(write_exposition(samples).find("binds_total{database=\"" + name + "\"}"), std::string::npos) << name;
    }
    for (const std::string& name : bad) {
        samples.stats = {admin::StatsRow{name, {}, {}}};
        EXPECT_NE(write_exposition(samples).find("binds_total{database=\"<invalid>\"}"), std::string::npos) << testing::PrintToString(name);
    }
}

}  // namespace
}  // namespace cenote::metrics
