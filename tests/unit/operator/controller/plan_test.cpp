#include "operator/controller/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace cenote::controller {
namespace {

using kube::Json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Why = Action::Why;

const Json kPool{
    {"apiVersion", "cenote.dev/v1alpha1"},
    {"kind", "ConnectionPool"},
    {"metadata", {{"name", "orders"}, {"namespace", "shop"}, {"uid", "u1"}}}
};

Json child(std::string_view kind, Json data, const std::string& owner_uid = "u1") {
    Json owner = kPool;
    owner["metadata"]["uid"] = owner_uid;
    return {
        {"apiVersion", "v1"},
        {"kind", kind},
        {"metadata", {{"name", "orders"}, {"namespace", "shop"}, {"ownerReferences", Json::array({kube::controller_reference_to(owner)})}}},
        {"data", std::move(data)}
    };
}

class PlanTest : public testing::Test {
protected:
    Plan plan(const std::vector<Json>& wanted, const std::vector<kube::ResourceType>& not_wanted = {}) const {
        return make_plan(kPool, wanted, not_wanted, [this](const kube::ResourceType& type, const kube::ObjectName&) -> runtime::ObjectPtr {
            const auto at = live_.find(std::string(type.kind));
            return at == live_.end() ? nullptr : std::make_shared<const Json>(at->second);
        });
    }
    void apply(const Plan& plan) {
        for (const Action& action : plan.actions) {
            live_[std::string(action.type.kind)] = action.object;
        }
    }
    std::map<std::string, Json> live_;
};

TEST_F(PlanTest, CreatesWhatIsMissingInOrder) {
    const Plan made = plan({child("Secret", {{"a", "1"}}), child("ConfigMap", {{"b", "2"}})});
    ASSERT_THAT(made.actions, SizeIs(2));
    EXPECT_EQ(made.actions[0].type, kube::kSecret);
    EXPECT_EQ(made.actions[0].why, Why::kMissing);
    EXPECT_TRUE(made.creates());
}

TEST_F(PlanTest, InTheSteadyStateThereIsNothingToDo) {
    apply(plan({child("ConfigMap", {{"b", "2"}})}));
    // What the API server adds is no difference.
    live_["ConfigMap"]["metadata"]["uid"] = "x";
    live_["ConfigMap"]["metadata"]["labels"]["theirs"] = "1";
    live_["ConfigMap"]["data"]["theirs"] = "1";
    EXPECT_THAT(plan({child("ConfigMap", {{"b", "2"}})}).actions, IsEmpty());
}

TEST_F(PlanTest, ANewWishAndADriftAreToldApart) {
    apply(plan({child("ConfigMap", {{"b", "2"}})}));
    const Plan wish = plan({child("ConfigMap", {{"b", "3"}})});
    ASSERT_THAT(wish.actions, SizeIs(1));
    EXPECT_EQ(wish.actions[0].why, Why::kChanged);
    EXPECT_FALSE(wish.creates());
    live_["ConfigMap"]["data"]["b"] = "by hand";
    const Plan drift = plan({child("ConfigMap", {{"b", "2"}})});
    ASSERT_THAT(drift.actions, SizeIs(1));
    EXPECT_EQ(drift.actions[0].why, Why::kDrifted);
}

TEST_F(PlanTest, AFieldNoLongerWantedIsTakenBack) {
    apply(plan({child("ConfigMap", {{"b", "2"}, {"c", "3"}})}));
    const Plan less = plan({child("ConfigMap", {{"b", "2"}})});
    ASSERT_THAT(less.actions, SizeIs(1));
    EXPECT_EQ(less.actions[0].why, Why::kChanged);
}

TEST_F(PlanTest, SomebodyElsesObjectIsNeverTouched) {
    live_["ConfigMap"] = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "orders"}}}};
    const Plan made = plan({child("Secret", {}), child("ConfigMap", {{"b", "2"}})});
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(made.foreign, ElementsAre("ConfigMap \"orders\""));
}

TEST_F(PlanTest, ChildrenOfAPredecessorAreWaitedFor) {
    live_["ConfigMap"] = child("ConfigMap", {}, "u0");
    const Plan made = plan({child("ConfigMap", {{"b", "2"}})});
    EXPECT_THAT(made.actions, IsEmpty());
    EXPECT_THAT(made.foreign, IsEmpty());
    EXPECT_THAT(made.leftover, ElementsAre("ConfigMap \"orders\""));
}

TEST_F(PlanTest, WhatIsNotWantedGoesIfItIsOurs) {
    const std::vector<kube::ResourceType> types{kube::kPodDisruptionBudget};
    EXPECT_THAT(plan({}, types).actions, IsEmpty());
    live_["PodDisruptionBudget"] = child("PodDisruptionBudget", {});
    ASSERT_THAT(plan({}, types).actions, SizeIs(1));
    EXPECT_EQ(plan({}, types).actions[0].kind, Action::Kind::kRemove);
    live_["PodDisruptionBudget"] = child("PodDisruptionBudget", {}, "other");
    EXPECT_THAT(plan({}, types).actions, IsEmpty());
}

TEST(IsContained, IgnoresWhatTheServerAddsAndNormalises) {
    EXPECT_TRUE(is_contained({{"a", {{"b", 1}}}}, {{"a", {{"b", 1}, {"c", 2}}}}));
    EXPECT_TRUE(is_contained({{"l", {{{"n", 1}}}}}, {{"l", {{{"n", 1}, {"default", true}}}}}));
    EXPECT_TRUE(is_contained({{"empty", Json::object()}, {"text", ""}}, Json::object()));
    EXPECT_TRUE(is_contained({{"resources", {{"cpu", "0.5"}}}}, {{"resources", {{"cpu", "500m"}}}}));
    EXPECT_FALSE(is_contained({{"a", 1}}, {{"a", 2}}));
    EXPECT_FALSE(is_contained({{"a", 1}}, Json::object()));
    EXPECT_FALSE(is_contained({{"l", {1, 2}}}, {{"l", {1}}}));
    EXPECT_FALSE(is_contained({{"l", {1}}}, {{"l", {1, 2}}}));
}

}  // namespace
}  // namespace cenote::controller
