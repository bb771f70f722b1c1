#include "operator/runtime/event_aggregator.hpp"

namespace cenote::runtime {
namespace {

using std::chrono::seconds;

kube::EventRecord event(std::string note = "n") {
    kube::EventRecord out;
    out.regarding = {"cenote.dev/v1alpha1", "ConnectionPool", "shop", "orders", "u"};
    out.reason = "Scaled";
    out.note = std::move(note);
    return out;
}

const EventAggregator::Time kStart{seconds(1'700'000'000)};

TEST(EventAggregator, RepeatsAreWrittenWhenTheirCountDoubles) {
    EventAggregator aggregator;
    std::vector<int> written;
    std::set<std::string> names;
    for (int i = 0; i < 20; ++i) {
        if (const auto out = aggregator.observe(event(), kStart)) {
            written.push_back(out->count);
            names.insert(out->name);
        }
    }
    EXPECT_EQ(written, (std::vector<int>{1, 2, 4, 8, 16}));
    EXPECT_EQ(names.size(), 1U);
}

TEST(EventAggregator, AnOldSeriesIsWrittenAgainAndAQuietOneEnds) {
    EventAggregator aggregator;
    const auto first = aggregator.observe(event(), kStart);
    (void)aggregator.observe(event(), kStart);
    EXPECT_FALSE(aggregator.observe(event(), kStart + seconds(29)).has_value());
    const auto again = aggregator.observe(event(), kStart + seconds(30));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->count, 4);
    EXPECT_EQ(again->first_observed, kStart);
    const auto fresh = aggregator.observe(event(), kStart + seconds(30) + std::chrono::minutes(6) + seconds(1));
    EXPECT_EQ(fresh->count, 1);
    EXPECT_NE(fresh->name, first->name);
}

TEST(EventAggregator, DifferentNotesAreDifferentEvents) {
    EventAggregator aggregator;
    const auto one = aggregator.observe(event("one"), kStart);
    const auto two = aggregator.observe(event("two"), kStart);
    EXPECT_EQ(two->count, 1);
    EXPECT_NE(one->name, two->name) << "at the same instant";
}

TEST(EventAggregator, LongNotesAndNamesAreCutWhereTheApiEnds) {
    EventAggregator aggregator;
    std::string note(1023, 'x');
    note += "ä";
    auto record = event(note + note);
    record.regarding.name = std::string(253, 'n');
    const auto out = aggregator.observe(record, kStart);
    EXPECT_LE(out->note.size(), 1024U);
    EXPECT_EQ(out->note, std::string(1023, 'x')) << "no half character";
    EXPECT_LE(out->name.size(), 253U);
}

}  // namespace
}  // namespace cenote::runtime
