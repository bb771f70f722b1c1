#include "dataplane/admin/show.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace cenote::admin {
namespace {

using std::chrono::seconds;

/// Every counter with a value of its own.
StatsCounters distinct(std::uint64_t first) {
    StatsCounters c;
    std::uint64_t next = first;
    for (auto counter :
         {&StatsCounters::server_assignment_count, &StatsCounters::xact_count, &StatsCounters::query_count, &StatsCounters::client_bytes,
          &StatsCounters::server_bytes, &StatsCounters::xact_time, &StatsCounters::query_time, &StatsCounters::wait_time,
          &StatsCounters::client_parse_count, &StatsCounters::server_parse_count, &StatsCounters::bind_count,
          &StatsCounters::client_login_count}) {
        c.*counter = next++;
    }
    return c;
}

TEST(Averages, CountsAreASecondAndTimesAreAThing) {
    StatsCounters older;
    older.query_count = 100;
    older.query_time = 1000;
    StatsCounters newer = older;
    newer.query_count += 120;
    newer.query_time += 1200;
    newer.xact_count = 60;
    newer.xact_time = 6000;
    newer.server_assignment_count = 30;
    newer.wait_time = 90;
    newer.client_bytes = 6000;
    newer.client_login_count = 59;
    const StatsCounters average = averages(older, newer, seconds{60});
    EXPECT_EQ(average.query_count, 2U);
    EXPECT_EQ(average.query_time, 10U);
    EXPECT_EQ(average.xact_count, 1U);
    EXPECT_EQ(average.xact_time, 100U);
    EXPECT_EQ(average.server_assignment_count, 0U);  // less than one a second
    EXPECT_EQ(average.wait_time, 3U);
    EXPECT_EQ(average.client_bytes, 100U);
    EXPECT_EQ(average.server_bytes, 0U);
    EXPECT_EQ(average.client_login_count, 0U);
}

TEST(Averages, AreZeroWithoutTimeAndWithoutGrowth) {
    EXPECT_EQ(averages({}, distinct(5), Microseconds{0}), StatsCounters{});
    EXPECT_EQ(averages({}, distinct(5), Microseconds{-1}), StatsCounters{});
    EXPECT_EQ(averages(distinct(5), distinct(5), seconds{1}), StatsCounters{});
    EXPECT_EQ(
        averages(distinct(5), StatsCounters{}, seconds{1}), StatsCounters{}
    );  // counters never shrink; if they did, no nonsense follows
}

TEST(ShowStats, PutsEachCounterInItsColumn) {
    const Table table = show_stats({{"orders", distinct(1), distinct(101)}});
    ASSERT_EQ(table.rows.size(), 1U);
    const Row& row = table.rows[0];
    ASSERT_EQ(row.size(), table.columns.size());
    EXPECT_EQ(row[0], "orders");
    for (std::size_t i = 1; i <= 12; ++i) {
        EXPECT_EQ(row[i], std::to_string(i));
        EXPECT_EQ(row[i + 12], std::to_string(i + 100));
    }
    EXPECT_EQ(show_stats_totals({{"orders", distinct(1), distinct(101)}}).rows[0][12], "12");
    EXPECT_EQ(show_stats_averages({{"orders", distinct(1), distinct(101)}}).rows[0][12], "112");
}

TEST(ShowTotals, HasPgBouncersRowsAndAddsUp) {
    const Table table = show_totals({{"a", distinct(1), {}}, {"b", distinct(100), {}}});
    std::string names;
    for (const Row& row : table.rows) {
        names += *row[0] + " ";
    }
    EXPECT_EQ(
        names,
        "total_server_assignment_count total_xact_count total_query_count total_client_bytes total_server_bytes total_xact_time "
        "total_query_time total_wait_time "
        "total_ps_client_parse_count total_ps_server_parse_count total_ps_bind_count total_client_login_count "
        "avg_server_assignment_count avg_xact_count avg_query_count avg_client_bytes avg_server_bytes avg_xact_time avg_query_time "
        "avg_wait_time "
        "avg_ps_client_parse_count avg_ps_server_parse_count avg_ps_bind_count avg_client_login_count "
    );
    EXPECT_EQ(table.rows[0][1], "101");
    EXPECT_EQ(table.rows[11][1], "123");
}

TEST(ShowTotals, WeighsMeanTimesByHowOftenTheyHappened) {
    StatsCounters busy;
    busy.query_count = 99;
    busy.query_time = 10;
    StatsCounters quiet;
    quiet.query_count = 1;
    quiet.query_time = 1010;
    StatsCounters rare;  // less than one transaction a second
    rare.xact_time = 70;
    const Table table = show_totals({{"busy", {}, busy}, {"quiet", {}, quiet}, {"rare", {}, rare}});
    EXPECT_EQ(table.rows[14][0], "avg_query_count");
    EXPECT_EQ(table.rows[14][1], "100");
    EXPECT_EQ(table.rows[18][0], "avg_query_time");
    EXPECT_EQ(table.rows[18][1], "20");
    EXPECT_EQ(table.rows[17][0], "avg_xact_time");
    EXPECT_EQ(table.rows[17][1], "70");
}

}  // namespace
}  // namespace cenote::admin
