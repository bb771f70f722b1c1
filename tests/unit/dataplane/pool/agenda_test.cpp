#include "dataplane/pool/agenda.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace cenote::pool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart = TimePoint{} + std::chrono::hours(5);

TEST(Agenda, FiresWhenDueAndNotBefore) {
    Agenda agenda(kStart);
    Agenda::Item item;
    agenda.at(item, kStart + seconds(1));
    EXPECT_EQ(agenda.pop(kStart + milliseconds(999)), nullptr);
    EXPECT_EQ(agenda.pop(kStart + seconds(1) + Agenda::kGrain), &item);
    EXPECT_TRUE(agenda.empty());
    EXPECT_EQ(agenda.next(), TimePoint::max());
}

TEST(Agenda, KeepsTheEarlierOfTwoTimes) {
    Agenda agenda(kStart);
    Agenda::Item item;
    agenda.at(item, kStart + seconds(5));
    agenda.at(item, kStart + seconds(1));
    agenda.at(item, kStart + seconds(9));
    EXPECT_EQ(agenda.pop(kStart + seconds(2)), &item);
    EXPECT_EQ(agenda.pop(kStart + seconds(20)), nullptr);
}

TEST(Agenda, WhatPutsItselfInAgainForNowDoesNotHoldUpTheTurn) {
    Agenda agenda(kStart);
    Agenda::Item item;
    const auto now = kStart + seconds(1);
    agenda.at(item, now);
    int fired = 0;
    while (agenda.pop(now + Agenda::kGrain) != nullptr) {
        ++fired;
        agenda.at(item, now);
        ASSERT_LT(fired, 10);
    }
    EXPECT_LE(fired, 2);
}

TEST(Agenda, SurvivesAnHourWithoutALook) {
    Agenda agenda(kStart);
    Agenda::Item late;
    Agenda::Item later;
    agenda.at(late, kStart + seconds(30));
    agenda.at(later, kStart + std::chrono::hours(2));
    EXPECT_EQ(agenda.pop(kStart + std::chrono::hours(1)), &late);
    EXPECT_EQ(agenda.pop(kStart + std::chrono::hours(1)), nullptr);
    EXPECT_EQ(agenda.pop(kStart + std::chrono::hours(2) + seconds(1)), &later);
}

// Against a plain map: everything fires once, never early, at most a grain late, and next() never lets anything pass.
TEST(Agenda, AgreesWithAMap) {
    std::mt19937 random(7);
    const auto pick = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    Agenda agenda(kStart);
    std::vector<Agenda::Item> items(200);
    std::map<Agenda::Item*, TimePoint> expected;
    TimePoint now = kStart;
    for (int step = 0; step < 20'000; ++step) {
        Agenda::Item& item = items[static_cast<std::size_t>(pick(200))];
        switch (pick(4)) {
            case 0:
                agenda.remove(item);
                expected.erase(&item);
                break;
            case 1:
            case 2: {
                const auto due = now + milliseconds(pick(5) == 0 ? pick(60'000) : pick(400));
                agenda.at(item, due);
                const auto found = expected.find(&item);
                expected[&item] = found == expected.end() ? due : std::min(found->second, due);
                break;
            }
            default: {
                const auto next = agenda.next();
                for (const auto& [one, due] : expected) {
                    ASSERT_LE(next, due + 2 * Agenda::kGrain);
                }
                now += milliseconds(pick(100));
                while (Agenda::Item* fired = agenda.pop(now)) {
                    ASSERT_TRUE(expected.contains(fired));
                    ASSERT_LE(expected[fired], now);
                    expected.erase(fired);
                }
                for (const auto& [one, due] : expected) {
                    ASSERT_GT(due + 2 * Agenda::kGrain, now);
                }
                break;
            }
        }
    }
}

}  // namespace
}  // namespace cenote::pool
