#include "operator/budget/holding.hpp"

#include <gtest/gtest.h>

namespace cenote::budget {
namespace {

class HoldingTest : public testing::Test {
protected:
    /// What stands at the pod, and what it says.
    void see(std::int64_t written, std::optional<Report> report, std::int64_t may_use = 0) {
        pod_.observe({.uid = "u", .ending = false, .serves = true, .written = written, .may_use = may_use, .report = report}, now_);
    }
    Holding pod_;
    TimePoint now_{};
};

TEST_F(HoldingTest, ANewPodHasItsFloor) {
    see(0, std::nullopt);
    EXPECT_EQ(pod_.share(), kFloor);
    EXPECT_EQ(pod_.charge(), kFloor);
    EXPECT_FALSE(pod_.confirmed());
    see(0, Report{kFloor, 0});
    EXPECT_TRUE(pod_.confirmed());
}

TEST_F(HoldingTest, MoreIsChargedWhenItIsDecidedAndLessWhenItIsProved) {
    see(0, Report{1, 0});
    pod_.give(10);
    EXPECT_EQ(pod_.charge(), 10);
    see(10, Report{10, 9});
    EXPECT_TRUE(pod_.confirmed());
    pod_.give(4);
    EXPECT_EQ(pod_.charge(), 10);
    see(4, Report{10, 9});
    EXPECT_EQ(pod_.charge(), 10);
    see(4, Report{4, 9});  // the limit is in force; what is open beyond it ends with its transactions
    EXPECT_TRUE(pod_.confirmed());
    EXPECT_EQ(pod_.charge(), 9);
    see(4, Report{4, 3});
    EXPECT_EQ(pod_.charge(), 4);
}

// 5, then 15, then 5 again: a pod that says 5 may not have read the 15 yet.
TEST_F(HoldingTest, AnOldEqualLimitIsNoProof) {
    see(0, Report{1, 0});
    pod_.give(5);
    see(5, Report{5, 5});
    pod_.give(15);
    EXPECT_FALSE(pod_.may_have(5));
    EXPECT_TRUE(pod_.may_have(4));
    pod_.give(4);
    see(4, Report{5, 5});
    EXPECT_EQ(pod_.charge(), 15);
    see(4, Report{15, 12});
    EXPECT_EQ(pod_.charge(), 15);
    see(4, Report{4, 4});
    EXPECT_EQ(pod_.charge(), 4);
    EXPECT_TRUE(pod_.may_have(5)) << "proof frees the values before";
}

TEST_F(HoldingTest, AWordFromBeforeTheWriteIsNoProof) {
    see(0, Report{1, 0});
    pod_.give(5);
    see(0, Report{5, 0});  // by chance: nothing is written yet
    EXPECT_FALSE(pod_.confirmed());
}

TEST_F(HoldingTest, AfterARestartWhatIsWrittenIsBelieved) {
    see(4, std::nullopt, 15);
    EXPECT_EQ(pod_.share(), 4);
    EXPECT_EQ(pod_.charge(), 15);
    EXPECT_FALSE(pod_.may_have(3));
    EXPECT_FALSE(pod_.may_have(15));
    EXPECT_TRUE(pod_.may_have(16)) << "more than all it can have had is proof of itself";
    see(4, Report{4, 2}, 15);
    EXPECT_EQ(pod_.charge(), 4);
    EXPECT_TRUE(pod_.may_have(3));
}

TEST_F(HoldingTest, WhatSomebodyElseWroteIsChargedToo) {
    see(0, Report{1, 0});
    pod_.give(5);
    see(5, Report{5, 1});
    see(30, Report{5, 1});
    EXPECT_EQ(pod_.charge(), 30);
    EXPECT_FALSE(pod_.confirmed());
}

TEST_F(HoldingTest, ASilentPodKeepsItsChargeForEver) {
    see(0, Report{1, 0});
    pod_.give(10);
    see(10, Report{10, 10});
    pod_.give(2);
    now_ += std::chrono::hours(24);
    see(2, std::nullopt);
    EXPECT_EQ(pod_.charge(), 10);
}

TEST_F(HoldingTest, IdleAndHungryTakeTheirTime) {
    see(0, Report{1, 0});
    pod_.give(10);
    see(10, Report{10, 10});
    EXPECT_TRUE(pod_.hungry(now_));
    now_ += std::chrono::seconds(59);
    see(10, Report{10, 5});
    EXPECT_FALSE(pod_.idle(now_));
    now_ += std::chrono::seconds(2);
    see(10, Report{10, 5});
    EXPECT_TRUE(pod_.idle(now_));
    EXPECT_FALSE(pod_.hungry(now_));
    see(10, Report{10, 6});
    EXPECT_FALSE(pod_.idle(now_));
}

}  // namespace
}  // namespace cenote::budget
