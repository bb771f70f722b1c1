#include "operator/runtime/informer.hpp"

#include "tests/unit/operator/runtime/fake_cluster.hpp"
#include "tests/unit/operator/runtime/objects.hpp"
#include "tests/unit/operator/runtime/recorder.hpp"

namespace cenote::runtime {
namespace {

using kube::ApiError;
using kube::kConfigMap;

class InformerTest : public testing::Test {
protected:
    void SetUp() override {
        informer_.add_handler([this](const ObjectChange& change) {
            seen_.add((!change.before ? "+" : !change.after ? "-" : "~") + change.name.name);
        });
    }
    void put(const std::string& name) { (void)cluster_.apply(kConfigMap, {"shop", name}, kube::Json::object()); }

    FakeCluster cluster_;
    Recorder seen_;
    Informer informer_{cluster_, {kConfigMap, "", "", ""}};
};

TEST_F(InformerTest, ListsThenFollows) {
    put("a");
    EXPECT_FALSE(informer_.has_synced());
    informer_.start();
    ASSERT_TRUE(informer_.wait_for_sync(std::chrono::seconds(20)));
    EXPECT_NE(informer_.store().get({"shop", "a"}), nullptr);
    put("b");
    put("a");
    (void)cluster_.remove(kConfigMap, {"shop", "b"}, kube::Propagation::kBackground);
    const auto seen = seen_.wait_for(4);
    EXPECT_EQ(seen, (std::vector<std::string>{"+a", "+b", "~a", "-b"}));
    informer_.stop();
    EXPECT_EQ(informer_.store().size(), 1U);
}

TEST_F(InformerTest, AfterGoneItListsAgainAndTellsOfWhatVanishedMeanwhile) {
    put("a");
    put("b");
    informer_.start();
    (void)seen_.wait_for(2);
    cluster_.remove_silently(kConfigMap, {"shop", "a"});
    cluster_.fail("watch", kube::make_api_error(ApiError::Kind::kGone, "compacted"));
    EXPECT_EQ(seen_.wait_for(3).at(2), "-a");
    EXPECT_EQ(informer_.lists_done(), 2U);
}

TEST_F(InformerTest, AWatchThatEndsNormallyIsContinuedWithoutAList) {
    informer_.start();
    cluster_.wait_until([this] { return cluster_.watches >= 1; });
    put("a");
    (void)seen_.wait_for(1);
    cluster_.end_one_watch();
    put("b");
    (void)seen_.wait_for(2);
    cluster_.wait_until([this] { return cluster_.watches >= 2; });
    put("c");
    EXPECT_EQ(seen_.wait_for(3), (std::vector<std::string>{"+a", "+b", "+c"}));
    EXPECT_EQ(informer_.lists_done(), 1U);
}

TEST_F(InformerTest, StoppingEndsAWaitForABackoffToo) {
    for (int i = 0; i < 50; ++i) {
        cluster_.fail("list", kube::make_api_error(ApiError::Kind::kForbidden, "no"));
    }
    informer_.start();
    cluster_.wait_until([this] { return cluster_.lists >= 1; });
    informer_.stop();
    EXPECT_FALSE(informer_.has_synced());
}

}  // namespace
}  // namespace cenote::runtime
