#include "operator/runtime/manager.hpp"

#include "tests/unit/operator/runtime/fake_cluster.hpp"
#include "tests/unit/operator/runtime/recorder.hpp"

namespace cenote::runtime {
namespace {

using std::chrono::milliseconds;

class Noting final : public Reconciler {
public:
    ReconcileResult reconcile(const kube::ObjectName& name) override {
        seen.add(name.name);
        return ReconcileResult::done();
    }
    Recorder seen;
};

TEST(Manager, ReconcilesWhatIsThereAndEndsWhenTold) {
    FakeCluster cluster;
    (void)cluster.apply(kube::kConfigMap, {"shop", "a"}, kube::Json::object());
    Noting reconciler;
    Manager manager(cluster, {});
    Informer& informer = manager.informer({kube::kConfigMap, "", "", ""});
    EXPECT_EQ(&manager.informer({kube::kConfigMap, "", "", ""}), &informer);
    EXPECT_NE(&manager.informer({kube::kConfigMap, "other", "", ""}), &informer);
    manager.add_controller({.name = "c", .workers = 2, .limits = {}}, reconciler).watch(informer);
    EXPECT_FALSE(manager.ready());
    std::stop_source stop;
    Result<void> ended;
    std::jthread runner([&] { ended = manager.run(stop.get_token()); });
    EXPECT_EQ(reconciler.seen.wait_for(1), std::vector<std::string>{"a"});
    EXPECT_TRUE(manager.ready());
    EXPECT_TRUE(manager.leading());
    stop.request_stop();
    runner.join();
    EXPECT_TRUE(ended.has_value());
}

TEST(Manager, AStandbyFillsItsCacheButReconcilesNothing) {
    FakeCluster cluster;
    (void)cluster.apply(kube::kConfigMap, {"shop", "a"}, kube::Json::object());
    (void)cluster.create(
        kube::kLease, {"default", "op"}, {{"spec", {{"holderIdentity", "other"}, {"leaseDurationSeconds", 3600}, {"renewTime", "t"}}}}
    );
    Noting reconciler;
    Manager manager(
        cluster, {LeaderElectionOptions{{"default", "op"}, "me", {milliseconds(15'000), milliseconds(10'000), milliseconds(5)}},
                  milliseconds(60'000)}
    );
    Informer& informer = manager.informer({kube::kConfigMap, "", "", ""});
    manager.add_controller({.name = "c", .workers = 1, .limits = {}}, reconciler).watch(informer);
    std::stop_source stop;
    Result<void> ended;
    std::jthread runner([&] { ended = manager.run(stop.get_token()); });
    while (!manager.ready()) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(manager.leading());
    (void)cluster.merge_patch(kube::kLease, {"default", "op"}, {{"spec", {{"holderIdentity", ""}}}});
    EXPECT_EQ(reconciler.seen.wait_for(1), std::vector<std::string>{"a"}) << "what the standby saw is not lost";
    (void)cluster.merge_patch(kube::kLease, {"default", "op"}, {{"spec", {{"holderIdentity", "thief"}}}});
    runner.join();
    EXPECT_FALSE(ended.has_value());
    EXPECT_EQ(ended.error().message, "leadership lost");
}

TEST(Manager, CachesThatDoNotFillAreAnError) {
    FakeCluster cluster;
    for (int i = 0; i < 1000; ++i) {
        cluster.fail("list", kube::make_api_error(kube::ApiError::Kind::kForbidden, "no"));
    }
    Manager manager(cluster, {std::nullopt, milliseconds(1)});
    (void)manager.informer({kube::kConfigMap, "", "", ""});
    const auto ended = manager.run({});
    ASSERT_FALSE(ended.has_value());
    EXPECT_THAT(ended.error().message, testing::HasSubstr("configmaps"));
}

}  // namespace
}  // namespace cenote::runtime
