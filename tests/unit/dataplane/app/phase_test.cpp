#include "dataplane/app/phase.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace cenote::app {
namespace {

using enum Phase;

std::vector<Phase> next_of(Phase from) {
    std::vector<Phase> found;
    for (int i = 0; i < kPhases; ++i) {
        if (may_become(from, static_cast<Phase>(i))) {
            found.push_back(static_cast<Phase>(i));
        }
    }
    return found;
}

TEST(Phase, TheTableIsTheHeaders) {
    using testing::ElementsAre;
    EXPECT_THAT(next_of(kStarting), ElementsAre(kRunning, kEnded));
    EXPECT_THAT(next_of(kRunning), ElementsAre(kPaused, kSuspended, kDrainAnnounced, kWaitingForServers, kWaitingForClients, kEnded));
    EXPECT_THAT(next_of(kPaused), ElementsAre(kRunning, kDrainAnnounced, kWaitingForServers, kWaitingForClients, kEnded));
    EXPECT_THAT(next_of(kSuspended), ElementsAre(kRunning, kDrainAnnounced, kWaitingForServers, kWaitingForClients, kEnded));
    EXPECT_THAT(next_of(kDrainAnnounced), ElementsAre(kDraining, kEnded));
    EXPECT_THAT(next_of(kDraining), ElementsAre(kEnded));
    EXPECT_THAT(next_of(kWaitingForServers), ElementsAre(kEnded));
    EXPECT_THAT(next_of(kWaitingForClients), ElementsAre(kEnded));
    EXPECT_THAT(next_of(kEnded), ElementsAre());
}

TEST(Phase, WhatEachMeans) {
    const auto all_that = [](auto is) {
        std::vector<Phase> found;
        for (int i = 0; i < kPhases; ++i) {
            if (is(static_cast<Phase>(i))) {
                found.push_back(static_cast<Phase>(i));
            }
        }
        return found;
    };
    EXPECT_THAT(all_that(is_ready), testing::ElementsAre(kRunning, kPaused, kSuspended));
    EXPECT_THAT(all_that(is_held), testing::ElementsAre(kPaused, kSuspended));
    EXPECT_THAT(all_that(is_draining), testing::ElementsAre(kDrainAnnounced, kDraining));
    EXPECT_THAT(all_that(is_ending), testing::ElementsAre(kDrainAnnounced, kDraining, kWaitingForServers, kWaitingForClients, kEnded));
    EXPECT_EQ(status_word(kStarting), "Starting");
    EXPECT_EQ(status_word(kRunning), "Running");
    EXPECT_EQ(status_word(kSuspended), "Paused");
    EXPECT_EQ(status_word(kWaitingForClients), "Draining");
}

TEST(CurrentPhase, AStepThatIsNotInTheTableChangesNothing) {
    CurrentPhase phase;
    EXPECT_FALSE(phase.move_to(kPaused));
    EXPECT_EQ(phase.get(), kStarting);
    EXPECT_TRUE(phase.move_to(kRunning));
    EXPECT_TRUE(phase.move_to(kPaused));
    EXPECT_FALSE(phase.move_to(kSuspended));
    EXPECT_TRUE(phase.move_to(kWaitingForServers));
    EXPECT_FALSE(phase.move_to(kRunning));  // no RESUME out of an ending
    EXPECT_EQ(phase.get(), kWaitingForServers);
}

TEST(CurrentPhase, OneOfManyWins) {
    for (int round = 0; round < 100; ++round) {
        CurrentPhase phase;
        ASSERT_TRUE(phase.move_to(kRunning));
        std::atomic<int> won{0};
        std::vector<std::thread> threads;
        for (const Phase next : {kPaused, kSuspended}) {
            threads.emplace_back([&, next] { won += phase.move_to(next) ? 1 : 0; });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(won, 1);
    }
}

}  // namespace
}  // namespace cenote::app
