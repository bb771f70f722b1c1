#include "operator/runtime/predicates.hpp"

#include "tests/unit/operator/runtime/objects.hpp"

namespace cenote::runtime {
namespace {

ObjectChange change(kube::Json before, kube::Json after) {
    return {
        kube::object_name_of(after), std::make_shared<const kube::Json>(std::move(before)),
        std::make_shared<const kube::Json>(std::move(after))
    };
}

TEST(Predicates, AnAutoscalerHasNoGenerationThatCounts) {
    const auto autoscaler = [](int most, int now) {
        return std::make_shared<const kube::Json>(kube::Json{
            {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"resourceVersion", std::to_string(now)}}},
            {"spec", {{"maxReplicas", most}}},
            {"status", {{"currentReplicas", now}}}
        });
    };
    const auto differs = spec_differs();
    EXPECT_TRUE(differs({{"shop", "web"}, autoscaler(3, 1), autoscaler(5, 1)}));
    EXPECT_FALSE(differs({{"shop", "web"}, autoscaler(3, 1), autoscaler(3, 2)}));
    EXPECT_TRUE(differs({{"shop", "web"}, nullptr, autoscaler(3, 1)}));
}

TEST(Predicates, SpecChangedLeavesOutStatusWrites) {
    auto before = make_object("a", "1");
    before["metadata"]["generation"] = 1;
    auto after = before;
    after["metadata"]["resourceVersion"] = "2";
    after["status"]["replicas"] = 2;
    EXPECT_FALSE(spec_changed()(change(before, after)));
    after["metadata"]["generation"] = 2;
    EXPECT_TRUE(spec_changed()(change(before, after)));
    auto annotated = before;
    annotated["metadata"]["annotations"]["restart"] = "now";
    EXPECT_TRUE(spec_changed()(change(before, annotated)));
    auto deleting = before;
    deleting["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    EXPECT_TRUE(spec_changed()(change(before, deleting)));
    auto recreated = before;
    recreated["metadata"]["uid"] = "other";
    EXPECT_TRUE(spec_changed()(change(before, recreated)));
    EXPECT_TRUE(spec_changed()({{"shop", "a"}, nullptr, std::make_shared<const kube::Json>(before)}));
}

TEST(Predicates, ContentChangedLeavesOutBookkeeping) {
    auto before = make_object("a", "1");
    auto after = before;
    after["metadata"]["resourceVersion"] = "2";
    after["metadata"]["managedFields"] = kube::Json::array({1});
    EXPECT_FALSE(content_changed()(change(before, after)));
    after["data"]["k"] = "v";
    EXPECT_TRUE(content_changed()(change(before, after)));
    EXPECT_TRUE(any_of({spec_changed(), content_changed()})(change(before, after)));
    EXPECT_FALSE(all_of({spec_changed(), content_changed()})(change(before, after)));
}

TEST(Predicates, OwnersAreMatchedByGroupAndKind) {
    auto child = make_object("child", "1");
    child["metadata"]["ownerReferences"] =
        kube::Json::parse(R"([{"apiVersion":"cenote.dev/v1beta1","kind":"ConnectionPool","name":"orders","uid":"u","controller":true}])");
    EXPECT_EQ(to_controller_owner(kube::kConnectionPool)(child), (std::vector<kube::ObjectName>{{"shop", "orders"}}));
    EXPECT_TRUE(to_controller_owner(kube::kDeployment)(child).empty());
    child["metadata"]["ownerReferences"][0]["controller"] = false;
    EXPECT_TRUE(to_controller_owner(kube::kConnectionPool)(child).empty());
}

TEST(Predicates, LabelsName) {
    auto pod = make_object("pod", "1");
    EXPECT_TRUE(to_name_in_label("app.kubernetes.io/instance")(pod).empty());
    pod["metadata"]["labels"]["app.kubernetes.io/instance"] = "orders";
    EXPECT_EQ(to_name_in_label("app.kubernetes.io/instance")(pod), (std::vector<kube::ObjectName>{{"shop", "orders"}}));
}

}  // namespace
}  // namespace cenote::runtime
