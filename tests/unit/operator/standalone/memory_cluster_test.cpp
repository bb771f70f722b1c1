#include "operator/standalone/memory_cluster.hpp"

#include <gtest/gtest.h>

namespace cenote::standalone {
namespace {

using kube::ApiError;
using kube::Json;
using kube::ObjectName;
using Type = kube::WatchEvent::Type;

const ObjectName kName{"shop", "orders"};

class MemoryClusterTest : public testing::Test {
protected:
    Json pool(Json spec) { return *cluster_.apply_as("manifest", kube::kConnectionPool, kName, {{"spec", std::move(spec)}}); }
    std::vector<kube::WatchEvent> events_since(const kube::ResourceType& type, const std::string& version) {
        std::vector<kube::WatchEvent> out;
        kube::WatchOptions options;
        options.resource_version = version;
        options.timeout = std::chrono::seconds(0);
        EXPECT_TRUE(cluster_.watch(type, options, [&out](kube::WatchEvent event) { out.push_back(std::move(event)); }, {}));
        return out;
    }
    MemoryCluster cluster_;
};

TEST_F(MemoryClusterTest, GenerationCountsSpecsAndVersionsCountWrites) {
    const Json first = pool({{"replicas", 1}});
    EXPECT_EQ(kube::generation_of(first), 1);
    const Json same = pool({{"replicas", 1}});
    EXPECT_EQ(kube::resource_version_of(same), kube::resource_version_of(first));
    const Json second = pool({{"replicas", 2}});
    EXPECT_EQ(kube::generation_of(second), 2);
    const Json third = *cluster_.apply_status(kube::kConnectionPool, kName, {{"replicas", 2}});
    EXPECT_EQ(kube::generation_of(third), 2);
    EXPECT_NE(kube::resource_version_of(third), kube::resource_version_of(second));
    EXPECT_EQ(kube::uid_of(third), kube::uid_of(first));
}

TEST_F(MemoryClusterTest, AnApplyTakesBackItsOwnFieldsOnly) {
    static_cast<void>(cluster_.apply(kube::kService, kName, {{"metadata", {{"labels", {{"a", "1"}, {"b", "2"}}}}}, {"spec", {{"x", 1}}}}));
    static_cast<void>(cluster_.apply_as("node", kube::kService, kName, {{"metadata", {{"annotations", {{"n", "1"}}}}}}));
    const Json after = *cluster_.apply(kube::kService, kName, {{"metadata", {{"labels", {{"b", "2"}}}}}, {"spec", {{"y", 1}}}});
    EXPECT_EQ(after["metadata"]["labels"], Json({{"b", "2"}}));
    EXPECT_EQ(after["metadata"]["annotations"], Json({{"n", "1"}}));
    EXPECT_EQ(after["spec"], Json({{"y", 1}}));
}

TEST_F(MemoryClusterTest, ApplyRepairsWhatAnotherChanged) {
    static_cast<void>(cluster_.apply(kube::kConfigMap, kName, {{"data", {{"k", "ours"}}}}));
    static_cast<void>(cluster_.merge_patch(kube::kConfigMap, kName, {{"data", {{"k", "theirs"}, {"more", "x"}}}}));
    const Json after = *cluster_.apply(kube::kConfigMap, kName, {{"data", {{"k", "ours"}}}});
    EXPECT_EQ(after["data"], Json({{"k", "ours"}, {"more", "x"}}));
}

TEST_F(MemoryClusterTest, AppliedStatusLosesWhatIsNoLongerSaid) {
    pool({{"replicas", 1}});
    static_cast<void>(cluster_.apply_status(kube::kConnectionPool, kName, {{"a", 1}, {"sizing", {{"limitedBy", "x"}, {"demand", 1}}}}));
    const Json after = *cluster_.apply_status(kube::kConnectionPool, kName, {{"sizing", {{"demand", 2}}}});
    EXPECT_EQ(after["status"], Json({{"sizing", {{"demand", 2}}}}));
}

TEST_F(MemoryClusterTest, PreconditionsAndMissingObjects) {
    EXPECT_TRUE(cluster_.get(kube::kSecret, kName).failed_with(ApiError::Kind::kNotFound));
    EXPECT_TRUE(cluster_.apply_status(kube::kSecret, kName, {}).failed_with(ApiError::Kind::kNotFound));
    EXPECT_TRUE(cluster_.remove(kube::kSecret, kName, kube::Propagation::kBackground).failed_with(ApiError::Kind::kNotFound));
    const Json made = *cluster_.create(kube::kSecret, kName, {{"data", {{"a", "eA=="}}}});
    EXPECT_TRUE(cluster_.create(kube::kSecret, kName, Json::object()).failed_with(ApiError::Kind::kAlreadyExists));
    Json patch{{"metadata", {{"resourceVersion", "999"}}}};
    EXPECT_TRUE(cluster_.merge_patch(kube::kSecret, kName, patch).failed_with(ApiError::Kind::kConflict));
    patch["metadata"]["resourceVersion"] = kube::resource_version_of(made);
    EXPECT_TRUE(cluster_.merge_patch(kube::kSecret, kName, patch));
}

TEST_F(MemoryClusterTest, DependentsGoWithTheirOwnerAndPodsWhenTheirProcessIsGone) {
    const Json owner = pool({{"replicas", 1}});
    const Json owned{{"metadata", {{"ownerReferences", Json::array({kube::controller_reference_to(owner)})}}}};
    const Json deployment = *cluster_.apply(kube::kDeployment, kName, owned);
    static_cast<void>(cluster_.apply(kube::kConfigMap, kName, owned));
    static_cast<void>(cluster_.apply(kube::kConfigMap, {"shop", "other"}, Json::object()));
    static_cast<void>(cluster_.apply_as(
        "node", kube::kPod, kName, {{"metadata", {{"ownerReferences", Json::array({kube::controller_reference_to(deployment)})}}}}
    ));
    ASSERT_TRUE(cluster_.remove(kube::kConnectionPool, kName, kube::Propagation::kBackground));
    EXPECT_FALSE(cluster_.get(kube::kDeployment, kName));
    EXPECT_FALSE(cluster_.get(kube::kConfigMap, kName));
    EXPECT_TRUE(cluster_.get(kube::kConfigMap, {"shop", "other"}));
    const auto pod = cluster_.get(kube::kPod, kName);
    ASSERT_TRUE(pod);
    EXPECT_TRUE(kube::is_being_deleted(*pod));
    cluster_.purge(kube::kPod, kName);
    EXPECT_FALSE(cluster_.get(kube::kPod, kName));
}

TEST_F(MemoryClusterTest, AFinalizerHoldsUntilTakenAway) {
    static_cast<void>(cluster_.apply(kube::kSecret, kName, {{"metadata", {{"finalizers", {"x/y"}}}}}));
    ASSERT_TRUE(cluster_.remove(kube::kSecret, kName, kube::Propagation::kBackground));
    ASSERT_TRUE(cluster_.get(kube::kSecret, kName));
    ASSERT_TRUE(cluster_.merge_patch(kube::kSecret, kName, {{"metadata", {{"finalizers", nullptr}}}}));
    EXPECT_FALSE(cluster_.get(kube::kSecret, kName));
}

TEST_F(MemoryClusterTest, AWatchContinuesWhereTheListEnded) {
    static_cast<void>(cluster_.apply(kube::kSecret, kName, Json::object()));
    const auto list = cluster_.list(kube::kSecret, {});
    ASSERT_EQ(list->items.size(), 1U);
    static_cast<void>(cluster_.merge_patch(kube::kSecret, kName, {{"data", {{"a", "eA=="}}}}));
    static_cast<void>(cluster_.apply(kube::kConfigMap, kName, Json::object()));
    static_cast<void>(cluster_.remove(kube::kSecret, kName, kube::Propagation::kBackground));
    const auto events = events_since(kube::kSecret, list->resource_version);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].type, Type::kModified);
    EXPECT_EQ(events[1].type, Type::kDeleted);
}

TEST_F(MemoryClusterTest, AWatchTooFarBackMustListAgain) {
    for (int i = 0; i < 5000; ++i) {
        static_cast<void>(cluster_.apply(kube::kSecret, kName, {{"data", {{"a", std::to_string(i)}}}}));
    }
    kube::WatchOptions options;
    options.resource_version = "1";
    EXPECT_TRUE(cluster_.watch(kube::kSecret, options, [](kube::WatchEvent) {}, {}).failed_with(ApiError::Kind::kGone));
}

TEST_F(MemoryClusterTest, SelectorsSelect) {
    static_cast<void>(cluster_.apply(kube::kSecret, {"shop", "a"}, {{"metadata", {{"labels", {{"app", "x"}}}}}}));
    static_cast<void>(cluster_.apply(kube::kSecret, {"shop", "b"}, {{"metadata", {{"labels", {{"app", "y"}}}}}}));
    static_cast<void>(cluster_.apply(kube::kSecret, {"bank", "a"}, Json::object()));
    const auto count = [this](const std::string& ns, const std::string& labels, const std::string& fields) {
        return cluster_.list(kube::kSecret, {.ns = ns, .label_selector = labels, .field_selector = fields, .resource_version = ""})
            ->items.size();
    };
    EXPECT_EQ(count("", "", ""), 3U);
    EXPECT_EQ(count("shop", "", ""), 2U);
    EXPECT_EQ(count("", "app=x", ""), 1U);
    EXPECT_EQ(count("", "app!=x", ""), 2U);
    EXPECT_EQ(count("", "app", ""), 2U);
    EXPECT_EQ(count("", "!app", ""), 1U);
    EXPECT_EQ(count("", "", "metadata.name=a"), 2U);
}

TEST_F(MemoryClusterTest, OnlyTheLastEventsAreKept) {
    for (int i = 0; i < 600; ++i) {
        kube::EventRecord event;
        event.regarding.ns = "shop";
        event.name = fmt::format("event-{}", i);
        ASSERT_TRUE(cluster_.emit(event));
    }
    EXPECT_EQ(cluster_.list(kube::kEvent, {})->items.size(), 500U);
    EXPECT_FALSE(cluster_.get(kube::kEvent, {"shop", "event-99"}));
    EXPECT_TRUE(cluster_.get(kube::kEvent, {"shop", "event-599"}));
}

TEST_F(MemoryClusterTest, WhatIsMadeForADeadOwnerIsCollected) {
    const Json owner = pool({{"replicas", 1}});
    ASSERT_TRUE(cluster_.remove(kube::kConnectionPool, kName, kube::Propagation::kBackground));
    static_cast<void>(
        cluster_.apply(kube::kConfigMap, kName, {{"metadata", {{"ownerReferences", Json::array({kube::controller_reference_to(owner)})}}}})
    );
    EXPECT_FALSE(cluster_.get(kube::kConfigMap, kName));
}

}  // namespace
}  // namespace cenote::standalone
