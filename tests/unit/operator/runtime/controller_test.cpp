#include "operator/runtime/controller.hpp"

#include "tests/unit/operator/runtime/fake_cluster.hpp"
#include "tests/unit/operator/runtime/recorder.hpp"

#include <stdexcept>

namespace cenote::runtime {
namespace {

using kube::ObjectName;
const ObjectName kA{"shop", "a"};

class Scripted final : public Reconciler {
public:
    std::function<ReconcileResult(const ObjectName&)> body = [](const ObjectName&) { return ReconcileResult::done(); };
    ReconcileResult reconcile(const ObjectName& name) override {
        seen.add(name.to_string());
        return body(name);
    }
    Recorder seen;
};

class CountingHooks final : public MetricsHooks {
public:
    void reconcile_finished(std::string_view, std::string_view result, Seconds) override { ++results[std::string(result)]; }
    void reconcile_terminal_error(std::string_view) override { ++terminal; }
    void reconcile_panicked(std::string_view) override { ++panics; }
    std::map<std::string, int> results;
    int terminal = 0;
    int panics = 0;
};

struct Fixture {
    Scripted reconciler;
    CountingHooks hooks;
    Controller controller{{.name = "pool", .workers = 1, .limits = {}}, reconciler, hooks};

    void run(ReconcileResult result) {
        reconciler.body = [result](const ObjectName&) { return result; };
        controller.enqueue(kA);
        ASSERT_TRUE(controller.process_one());
    }
};

TEST(Controller, TheResultDecidesWhatBecomesOfTheKey) {
    Fixture f;
    f.run(ReconcileResult::error("boom"));
    EXPECT_EQ(f.controller.queue().failures(kA), 1U);
    f.run(ReconcileResult::done());
    EXPECT_EQ(f.controller.queue().failures(kA), 0U);
    f.run(ReconcileResult::error("boom"));
    f.run(ReconcileResult::terminal_error("bad spec"));
    EXPECT_EQ(f.controller.queue().failures(kA), 0U);
    f.run(ReconcileResult::requeue_after(std::chrono::hours(1)));
    EXPECT_EQ(f.hooks.results, (std::map<std::string, int>{{"error", 3}, {"success", 1}, {"requeue_after", 1}}));
    EXPECT_EQ(f.hooks.terminal, 1);
}

TEST(Controller, AnExceptionIsAnErrorOfThatKeyAlone) {
    Fixture f;
    f.reconciler.body = [](const ObjectName&) -> ReconcileResult { throw std::runtime_error("oops"); };
    f.controller.enqueue(kA);
    EXPECT_TRUE(f.controller.process_one());
    EXPECT_EQ(f.hooks.panics, 1);
    EXPECT_EQ(f.controller.queue().failures(kA), 1U);
}

TEST(Controller, ApiErrorsBecomeResults) {
    using Kind = kube::ApiError::Kind;
    auto throttled = kube::make_api_error(Kind::kThrottled, "slow");
    throttled.retry_after = std::chrono::seconds(7);
    EXPECT_EQ(ReconcileResult::from(throttled), ReconcileResult::requeue_after(std::chrono::seconds(7)));
    EXPECT_EQ(ReconcileResult::from(kube::make_api_error(Kind::kInvalid, "x")).kind(), ReconcileResult::Kind::kTerminalError);
    EXPECT_EQ(ReconcileResult::from(kube::make_api_error(Kind::kConflict, "x")), ReconcileResult::error("Conflict: x"));
    auto terminating = kube::make_api_error(Kind::kForbidden, "x");
    terminating.namespace_terminating = true;
    EXPECT_EQ(ReconcileResult::from(terminating), ReconcileResult::done());
}

TEST(Controller, AnErrorComesBackByItself) {
    Fixture f;
    int calls = 0;
    f.reconciler.body = [&calls](const ObjectName&) { return ++calls < 4 ? ReconcileResult::error("not yet") : ReconcileResult::done(); };
    f.controller.start();
    f.controller.enqueue(kA);
    EXPECT_EQ(f.reconciler.seen.wait_for(4).size(), 4U);
    f.controller.stop();
    EXPECT_EQ(f.controller.queue().failures(kA), 0U);
}

TEST(Controller, ChangesOfOldAndNewOwnersAreQueued) {
    FakeCluster cluster;
    Informer informer(cluster, {kube::kConfigMap, "", "", ""});
    Fixture f;
    f.controller.watch(informer, to_name_in_label("pool"));
    informer.start();
    f.controller.start();
    ASSERT_TRUE(informer.wait_for_sync(std::chrono::seconds(20)));
    (void)cluster.apply(kube::kConfigMap, {"shop", "x"}, {{"metadata", {{"labels", {{"pool", "one"}}}}}});
    EXPECT_EQ(f.reconciler.seen.wait_for(1), std::vector<std::string>{"shop/one"});
    (void)cluster.apply(kube::kConfigMap, {"shop", "x"}, {{"metadata", {{"labels", {{"pool", "two"}}}}}});
    auto seen = f.reconciler.seen.wait_for(3);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<std::string>{"shop/one", "shop/one", "shop/two"}));
    informer.stop();
    f.controller.stop();
}

}  // namespace
}  // namespace cenote::runtime
