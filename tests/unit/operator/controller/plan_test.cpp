#include "operator/controller/plan.hpp"

#include "operator/kube/cluster.hpp"

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

// A service mesh's sidecar, a volume of a policy engine: theirs, and no reason to write for ever.
TEST_F(PlanTest, EntriesThatOthersAddToListsAreNoDrift) {
    const auto deployment = [](Json containers, Json volumes) {
        Json object = child("Deployment", nullptr);
        object["apiVersion"] = "apps/v1";
        object["spec"] = {{"template", {{"spec", {{"containers", std::move(containers)}, {"volumes", std::move(volumes)}}}}}};
        return object;
    };
    const Json ours{{"name", "cenote"}, {"image", "c:1"}, {"ports", {{{"name", "http"}, {"containerPort", 9127}}}}, {"args", {"a", "b"}}};
    const Json sidecar{{"name", "mesh"}, {"image", "m:1"}};
    const Json volume{{"name", "config"}, {"configMap", {{"name", "orders"}}}};
    const std::vector<Json> wanted{deployment(Json::array({ours}), Json::array({volume}))};
    apply(plan(wanted));
    const Json applied = live_["Deployment"];
    Json& spec = live_["Deployment"]["spec"]["template"]["spec"];
    spec["containers"] = Json::array({sidecar, ours});  // first, as some injectors do
    spec["containers"][1]["ports"].insert(spec["containers"][1]["ports"].begin(), {{"name", "debug"}, {"containerPort", 1}});
    spec["volumes"].push_back({{"name", "mesh"}, {"emptyDir", Json::object()}});
    EXPECT_THAT(plan(wanted).actions, IsEmpty());
    // What is ours is still held to.
    spec["containers"][1]["image"] = "c:2";
    EXPECT_THAT(plan(wanted).actions, SizeIs(1));
    live_["Deployment"] = applied;
    live_["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"].push_back("c");
    EXPECT_THAT(plan(wanted).actions, SizeIs(1));
    live_["Deployment"] = applied;
    live_["Deployment"]["spec"]["template"]["spec"]["volumes"] = Json::array({{{"name", "theirs"}}});
    EXPECT_THAT(plan(wanted).actions, SizeIs(1));
}

TEST_F(PlanTest, WhatExistsIsChangedByUidAndWithItsCreationsFields) {
    apply(plan({child("ConfigMap", {{"b", "2"}})}));
    Json& metadata = live_["ConfigMap"]["metadata"];
    metadata["uid"] = "c1";
    metadata["resourceVersion"] = "7";
    metadata["managedFields"] = Json::array({{{"manager", kube::kFieldManager}, {"operation", "Update"}, {"fieldsV1", Json::object()}}});
    const Plan changed = plan({child("ConfigMap", {{"b", "3"}})});
    ASSERT_THAT(changed.actions, SizeIs(1));
    EXPECT_EQ(kube::uid_of(changed.actions[0].object), "c1");
    EXPECT_EQ(kube::string_or(changed.actions[0].ownership, "/metadata/managedFields/0/operation"), "Apply");
    EXPECT_EQ(kube::string_or(changed.actions[0].ownership, "/metadata/resourceVersion"), "7");
}

}  // namespace
}  // namespace cenote::controller
