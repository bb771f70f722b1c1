#include "dataplane/app/stats_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::app {
namespace {

using std::chrono::seconds;

StatsHistory::Totals totals(const std::string& name, std::uint64_t queries, std::uint64_t microseconds) {
    StatsHistory::Totals all;
    all[name].query_count = queries;
    all[name].query_time = microseconds;
    return all;
}

TEST(StatsHistory, AveragesAreOfTheLastFullPeriodAndTotalsOfNow) {
    StatsHistory history;
    const TimePoint start{seconds(1000)};
    history.roll(start, totals("app", 100, 1000));
    history.roll(start + seconds(60), totals("app", 700, 13'000));
    const auto rows = history.rows(totals("app", 705, 13'500));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].database, "app");
    EXPECT_EQ(rows[0].total.query_count, 705U);
    EXPECT_EQ(rows[0].average.query_count, 10U);  // (700 - 100) in 60 s
    EXPECT_EQ(rows[0].average.query_time, 20U);   // 12,000 us for 600 queries
    EXPECT_EQ(history.average().query_count, 10U);
}

TEST(StatsHistory, ADatabaseThatIsNewHasNoAverageYet) {
    StatsHistory history;
    history.roll(TimePoint{seconds(0)}, {});
    history.roll(TimePoint{seconds(60)}, {});
    const auto rows = history.rows(totals("fresh", 7, 70));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].total.query_count, 7U);
    EXPECT_EQ(rows[0].average, admin::StatsCounters{});
}

TEST(StatsHistory, OfAllTogether) {
    StatsHistory history;
    auto before = totals("a", 0, 0);
    before.merge(totals("b", 10, 0));
    auto after = totals("a", 60, 0);
    after.merge(totals("b", 70, 0));
    history.roll(TimePoint{seconds(0)}, before);
    history.roll(TimePoint{seconds(60)}, after);
    EXPECT_EQ(history.average().query_count, 2U);
}

}  // namespace
}  // namespace cenote::app
