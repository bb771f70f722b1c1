#include "operator/controller/poll_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const kube::ObjectName kPool{"shop", "orders"};
const PodAddress kAddress{"10.0.0.1", 9127};

class PollPlanTest : public testing::Test {
protected:
    bool is_due() { return !plan_.due(now_, 10).empty(); }
    /// Asks and answers; the pool that has to look.
    std::optional<kube::ObjectName> ask(std::optional<PodReport> report) {
        EXPECT_TRUE(is_due());
        return plan_.answered("u", std::move(report), now_);
    }
    static PodReport report(std::int64_t limit, std::int64_t open, std::string config = "c") {
        return {"1", "Running", std::move(config), "a", "", limit, open};
    }

    PollPlan plan_;
    TimePoint now_{seconds(1000)};
};

TEST_F(PollPlanTest, APodIsAskedAsSoonAsItHasAnAddress) {
    plan_.pod_seen("u", kPool, std::nullopt, now_);
    EXPECT_FALSE(is_due());
    EXPECT_EQ(plan_.next(), TimePoint::max());
    plan_.pod_seen("u", kPool, kAddress, now_);
    EXPECT_TRUE(is_due());
    EXPECT_FALSE(is_due()) << "once at a time";
    EXPECT_EQ(plan_.answered("u", report(1, 0), now_), kPool);
    EXPECT_EQ(plan_.report("u"), report(1, 0));
}

TEST_F(PollPlanTest, OftenWhileSomethingIsOnItsWayAndSeldomAtRest) {
    plan_.pod_seen("u", kPool, kAddress, now_);
    static_cast<void>(ask(report(1, 0)));
    EXPECT_EQ(plan_.next(), now_ + PollPlan::kAtRest);
    plan_.expect_change(kPool, true, now_);
    EXPECT_EQ(plan_.next(), now_ + PollPlan::kSoon);
    now_ += PollPlan::kSoon;
    static_cast<void>(ask(report(1, 0)));
    EXPECT_EQ(plan_.next(), now_ + PollPlan::kSoon);
    plan_.expect_change(kPool, false, now_);
    now_ += PollPlan::kSoon;
    static_cast<void>(ask(report(12, 0)));
    EXPECT_EQ(plan_.next(), now_ + PollPlan::kAtRest);
}

TEST_F(PollPlanTest, ManyPodsAreAskedMoreSeldom) {
    for (int i = 0; i < 1000; ++i) {
        plan_.pod_seen(std::to_string(i), kPool, kAddress, now_);
    }
    static_cast<void>(plan_.due(now_, 1000));
    for (int i = 0; i < 1000; ++i) {
        static_cast<void>(plan_.answered(std::to_string(i), report(1, 0), now_));
    }
    EXPECT_EQ(plan_.next(), now_ + seconds(15));
}

TEST_F(PollPlanTest, ASilentPodIsNotBelievedForLongAndAskedEverMoreSeldom) {
    plan_.pod_seen("u", kPool, kAddress, now_);
    static_cast<void>(ask(report(12, 3)));
    now_ = plan_.next();
    EXPECT_EQ(ask(std::nullopt), std::nullopt);
    EXPECT_TRUE(plan_.report("u")) << "once may be chance";
    now_ = plan_.next();
    EXPECT_EQ(ask(std::nullopt), kPool);
    EXPECT_FALSE(plan_.report("u"));
    for (int i = 0; i < 20; ++i) {
        now_ = plan_.next();
        EXPECT_EQ(ask(std::nullopt), std::nullopt);
    }
    EXPECT_EQ(plan_.next(), now_ + PollPlan::kSilentAtMost);
    plan_.pod_seen("u", kPool, kAddress, now_);  // its status has changed
    EXPECT_TRUE(is_due());
}

TEST_F(PollPlanTest, APodIsNotSilentBeforeItWasAsked) {
    plan_.pod_seen("u", kPool, std::nullopt, now_);
    EXPECT_FALSE(plan_.still_asking("u")) << "nobody can ask it";
    plan_.pod_seen("u", kPool, kAddress, now_);
    EXPECT_TRUE(plan_.still_asking("u"));
    static_cast<void>(ask(std::nullopt));
    EXPECT_TRUE(plan_.still_asking("u"));
    now_ = plan_.next();
    static_cast<void>(ask(std::nullopt));
    EXPECT_FALSE(plan_.still_asking("u"));
}

TEST_F(PollPlanTest, AnAnswerThatComesAfterThePodIsGoneIsDropped) {
    plan_.pod_seen("u", kPool, kAddress, now_);
    EXPECT_TRUE(is_due());
    plan_.pod_gone("u");
    EXPECT_EQ(plan_.answered("u", report(1, 0), now_), std::nullopt);
    EXPECT_FALSE(plan_.report("u"));
}

TEST_F(PollPlanTest, WhatIsOpenMattersByHalvesAlone) {
    EXPECT_FALSE(matters(report(10, 6), report(10, 9)));
    EXPECT_TRUE(matters(report(10, 5), report(10, 6)));
    EXPECT_TRUE(matters(report(10, 9), report(10, 10)));
    EXPECT_TRUE(matters(report(10, 15), report(10, 14))) << "what is beyond the limit is given back one by one";
    EXPECT_TRUE(matters(report(10, 1), report(12, 1)));
    EXPECT_TRUE(matters(report(10, 1), report(10, 1, "other")));
    EXPECT_TRUE(matters(std::nullopt, report(10, 1)));
    EXPECT_FALSE(matters(std::nullopt, std::nullopt));
}

}  // namespace
}  // namespace cenote::controller
