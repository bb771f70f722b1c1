#include "operator/controller/pool_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using api::ConditionStatus;
using testing::ElementsAre;
using testing::IsEmpty;
using Type = kube::EventRecord::Type;

api::Status with(std::string_view type, ConditionStatus status, std::string reason, std::string message, api::Status base = {}) {
    api::Condition condition;
    condition.type = type;
    condition.status = status;
    condition.reason = std::move(reason);
    condition.message = std::move(message);
    api::set_condition(base.conditions, std::move(condition), "T");
    return base;
}

api::Status sized(std::int64_t per_pod) {
    api::Status status;
    status.sizing = api::SizingStatus{
        .demand = per_pod,
        .applied_demand = per_pod,
        .granted = per_pod,
        .per_pod = per_pod,
        .limited_by = api::LimitedBy::kNone,
        .message = "",
        .explanation = "why",
        .workloads = {}
    };
    return status;
}

TEST(NoticesBetween, NothingChangedNothingSaid) {
    const api::Status status = with(api::condition::kReady, ConditionStatus::kFalse, "SecretMissing", "m", sized(12));
    EXPECT_THAT(notices_between(status, status), IsEmpty());
}

TEST(NoticesBetween, AResizeSaysFromToAndWhy) {
    EXPECT_THAT(notices_between(sized(12), sized(24)), ElementsAre(Notice{Type::kNormal, "Resized", "12 -> 24 server connections: why"}));
}

TEST(NoticesBetween, AFindingIsAWarningOnceAndGoodNewsFollow) {
    const api::Status bad = with(api::condition::kReady, ConditionStatus::kFalse, "SecretMissing", "Secret \"x\"");
    EXPECT_THAT(notices_between({}, bad), ElementsAre(Notice{Type::kWarning, "SecretMissing", "Secret \"x\""}));
    const api::Status good = with(api::condition::kReady, ConditionStatus::kTrue, "PodsReady", "1 of 1");
    EXPECT_THAT(notices_between(bad, good), ElementsAre(Notice{Type::kNormal, "Ready", "1 of 1"}));
}

TEST(NoticesBetween, PodsStartingAndConvergingIsNoNews) {
    EXPECT_THAT(notices_between({}, with(api::condition::kReady, ConditionStatus::kFalse, "PodsNotReady", "0 of 1")), IsEmpty());
    const api::Status waiting = with(api::condition::kConfigConverged, ConditionStatus::kFalse, "Waiting", "0 of 1");
    EXPECT_THAT(notices_between({}, waiting), IsEmpty());
    EXPECT_THAT(notices_between(waiting, with(api::condition::kConfigConverged, ConditionStatus::kTrue, "Converged", "1 of 1")), IsEmpty());
}

TEST(NoticesBetween, WhatIsNotLookedAtYetIsNoNews) {
    EXPECT_THAT(
        notices_between({}, with(api::condition::kDemandKnown, ConditionStatus::kUnknown, "SecretMissing", "not looked at yet")), IsEmpty()
    );
    EXPECT_THAT(
        notices_between({}, with(api::condition::kDemandKnown, ConditionStatus::kUnknown, "WorkloadUnknown", "web: no idea")),
        ElementsAre(Notice{Type::kWarning, "DemandUnknown", "web: no idea"})
    );
}

TEST(NoticesBetween, AReloadThatFailedIsAWarning) {
    const api::Status failed = with(api::condition::kConfigConverged, ConditionStatus::kFalse, "ReloadFailed", "line 3");
    EXPECT_THAT(notices_between({}, failed), ElementsAre(Notice{Type::kWarning, "ReloadFailed", "line 3"}));
}

TEST(NoticesOf, CreatedRecreatedAndRepaired) {
    Plan plan;
    plan.actions.push_back({Action::Kind::kApply, Action::Why::kMissing, kube::kService, {"n", "orders"}, {}});
    EXPECT_EQ(notices_of(plan, false).at(0).reason, "Created");
    EXPECT_EQ(notices_of(plan, true).at(0).reason, "Recreated");
    plan.actions[0].why = Action::Why::kDrifted;
    EXPECT_EQ(notices_of(plan, true).at(0).reason, "Repaired");
    plan.actions[0].why = Action::Why::kChanged;
    EXPECT_THAT(notices_of(plan, true), IsEmpty());
}

}  // namespace
}  // namespace cenote::controller
