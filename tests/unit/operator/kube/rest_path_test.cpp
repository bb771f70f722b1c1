#include "operator/kube/rest_path.hpp"

namespace cenote::kube {
namespace {

TEST(RestPath, FollowsGroupsAndNamespaces) {
    EXPECT_EQ(collection_path(kConfigMap, "shop"), "/api/v1/namespaces/shop/configmaps");
    EXPECT_EQ(collection_path(kDeployment, ""), "/apis/apps/v1/deployments");
    EXPECT_EQ(
        object_path(kConnectionPool, {"shop", "orders"}, "status"),
        "/apis/cenote.dev/v1alpha1/namespaces/shop/connectionpools/orders/status"
    );
    EXPECT_EQ(object_path(kNamespace, {"", "shop"}), "/api/v1/namespaces/shop");
    EXPECT_EQ(object_path(kCustomResourceDefinition, {"ignored", "x"}), "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x")
        << "cluster-scoped";
}

TEST(RestPath, ANameCannotLeaveItsPlace) {
    EXPECT_EQ(object_path(kSecret, {"a", "../../x?y"}), "/api/v1/namespaces/a/secrets/..%2F..%2Fx%3Fy");
}

TEST(RestPath, QueriesAreEncodedAndEmptyPartsLeftOut) {
    EXPECT_EQ(
        list_target(kPod, {"shop", "app=web,tier in (a,b)", "", ""}, 500, "tok/en"),
        "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb%2Ctier%20in%20%28a%2Cb%29&limit=500&continue=tok%2Fen"
    );
    EXPECT_EQ(list_target(kPod, {"", "", "", "0"}, 0, ""), "/api/v1/pods?resourceVersion=0");
    EXPECT_EQ(
        watch_target(kSecret, {"shop", "", "metadata.name=x", "12", std::chrono::seconds(300)}),
        "/api/v1/namespaces/shop/"
        "secrets?watch=1&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dx&resourceVersion=12&timeoutSeconds=300"
    );
}

TEST(RestPath, MicroTimeHasSixDigits) {
    const std::chrono::system_clock::time_point time{std::chrono::microseconds(1'767'225'600'000'042)};
    EXPECT_EQ(micro_time(time), "2026-01-01T00:00:00.000042Z");
}

}  // namespace
}  // namespace cenote::kube
