#include "operator/runtime/fenced_cluster.hpp"

#include "fake_cluster.hpp"

#include <gtest/gtest.h>

namespace cenote::runtime {
namespace {

using kube::Json;

TEST(FencedCluster, WhoDoesNotLeadReadsAndWritesNothing) {
    FakeCluster cluster;
    bool leads = true;
    FencedCluster fenced(cluster, cluster, [&leads] { return leads; });
    const kube::ObjectName name{"shop", "a"};
    ASSERT_TRUE(fenced.create(kube::kConfigMap, name, Json{{"data", {{"a", "1"}}}}));
    leads = false;
    const std::string before = kube::dump_json(*cluster.get(kube::kConfigMap, name));
    EXPECT_FALSE(fenced.create(kube::kConfigMap, {"shop", "b"}, Json::object()));
    EXPECT_FALSE(fenced.apply(kube::kConfigMap, name, Json::object()));
    EXPECT_FALSE(fenced.apply_status(kube::kConfigMap, name, Json::object()));
    EXPECT_FALSE(fenced.merge_patch(kube::kConfigMap, name, Json{{"data", {{"a", "2"}}}}));
    EXPECT_FALSE(fenced.remove(kube::kConfigMap, name, kube::Propagation::kBackground));
    EXPECT_FALSE(fenced.emit({}));
    EXPECT_EQ(kube::dump_json(*fenced.get(kube::kConfigMap, name)), before);
    EXPECT_FALSE(cluster.get(kube::kConfigMap, {"shop", "b"}));
}

}  // namespace
}  // namespace cenote::runtime
