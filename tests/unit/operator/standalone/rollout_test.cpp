#include "operator/standalone/rollout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

using kube::Json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Json deployment(int replicas, Json surge = 1, Json unavailable = 0) {
    return {
        {"metadata", {{"generation", 3}}},
        {"spec", {{"replicas", replicas}, {"strategy", {{"rollingUpdate", {{"maxSurge", surge}, {"maxUnavailable", unavailable}}}}}}}
    };
}

PodView pod(const char* name, const char* revision, bool ready, long started = 1, bool ending = false) {
    return {name, revision, ready, ending, started};
}

TEST(PlanRollout, StartsWhatIsMissing) {
    EXPECT_EQ(plan_rollout(deployment(2), "r1", {}).start, 2);
    EXPECT_EQ(plan_rollout(deployment(2), "r1", {pod("a", "r1", false)}).start, 1);
    EXPECT_EQ(plan_rollout(deployment(2), "r1", {pod("a", "r1", true), pod("b", "r1", true)}).start, 0);
}

TEST(PlanRollout, AnEndingPodDoesNotCount) { EXPECT_EQ(plan_rollout(deployment(1), "r1", {pod("a", "r1", true, 1, true)}).start, 1); }

TEST(PlanRollout, ScalingDownEndsTheUnreadyThenTheYoungest) {
    const auto plan = plan_rollout(deployment(1), "r1", {pod("a", "r1", true, 1), pod("b", "r1", false, 2), pod("c", "r1", true, 3)});
    EXPECT_THAT(plan.end, ElementsAre("b", "c"));
    EXPECT_EQ(plan.start, 0);
}

TEST(PlanRollout, ANewRevisionSurgesByOneAndKeepsTheOldUntilItIsReady) {
    const auto first = plan_rollout(deployment(2), "r2", {pod("a", "r1", true), pod("b", "r1", true)});
    EXPECT_EQ(first.start, 1);
    EXPECT_THAT(first.end, IsEmpty());
    const auto waiting = plan_rollout(deployment(2), "r2", {pod("a", "r1", true), pod("b", "r1", true), pod("c", "r2", false)});
    EXPECT_EQ(waiting.start, 0);
    EXPECT_THAT(waiting.end, IsEmpty());
    const auto ready = plan_rollout(deployment(2), "r2", {pod("a", "r1", true, 1), pod("b", "r1", true, 2), pod("c", "r2", true)});
    EXPECT_EQ(ready.start, 0);  // only once an old one is ending
    EXPECT_THAT(ready.end, ElementsAre("b"));
}

TEST(PlanRollout, OldPodsThatNeverGotReadyMakeRoom) {
    EXPECT_THAT(plan_rollout(deployment(1), "r2", {pod("a", "r1", false)}).end, ElementsAre("a"));
}

TEST(PlanRollout, ToZero) {
    EXPECT_THAT(plan_rollout(deployment(0), "r1", {pod("a", "r1", true), pod("b", "r0", true)}).end, UnorderedElementsAre("a", "b"));
}

TEST(PlanRollout, PercentsRoundAsKubernetesDoes) {
    // 25 % of 3: surge 1 (up), unavailable 0 (down).
    const auto plan = plan_rollout(deployment(3, "25%", "25%"), "r2", {pod("a", "r1", true), pod("b", "r1", true), pod("c", "r1", true)});
    EXPECT_EQ(plan.start, 1);
    EXPECT_THAT(plan.end, IsEmpty());
}

TEST(DeploymentStatus, CountsAndConditions) {
    const Json status =
        deployment_status(deployment(2), "r2", {pod("a", "r1", true), pod("b", "r2", false), pod("c", "r1", true, 1, true)}, "T1");
    EXPECT_EQ(status["observedGeneration"], 3);
    EXPECT_EQ(status["replicas"], 2);
    EXPECT_EQ(status["updatedReplicas"], 1);
    EXPECT_EQ(status["readyReplicas"], 1);
    EXPECT_EQ(status["conditions"][0]["status"], "False");
}

TEST(DeploymentStatus, ATransitionTimeStaysUntilTheStatusChanges) {
    Json object = deployment(1);
    object["status"] = deployment_status(object, "r", {pod("a", "r", true)}, "T1");
    EXPECT_EQ(deployment_status(object, "r", {pod("a", "r", true)}, "T2"), object["status"]);
    EXPECT_EQ(deployment_status(object, "r", {pod("a", "r", false)}, "T2")["conditions"][0]["lastTransitionTime"], "T2");
}

}  // namespace
}  // namespace cenote::standalone
