// Informers, leader election and the manager, against a real kube-apiserver.
#include "operator/runtime/leader_election.hpp"
#include "operator/runtime/manager.hpp"
#include "tests/integration/operator/harness.hpp"

namespace cenote::apiserver_test {
namespace {

using kube::kConfigMap;
using runtime::Informer;
using runtime::LeaderElection;
using State = runtime::LeaderElectionFsm::State;

class Machinery : public ApiServerTest {};

TEST_F(Machinery, AnInformerFollowsThroughARestart) {
    put("before", "1");
    Informer informer(*client_, {kConfigMap, ns_, "", ""});
    informer.start();
    ASSERT_TRUE(informer.wait_for_sync(seconds(30)));
    ask("restart");
    put("after", "1");
    EXPECT_TRUE(wait_until([&] { return informer.store().get(in_ns("after")) != nullptr; }));
    ASSERT_TRUE(client_->remove(kConfigMap, in_ns("before"), kube::Propagation::kBackground).has_value());
    EXPECT_TRUE(wait_until([&] { return informer.store().get(in_ns("before")) == nullptr; }));
}

TEST_F(Machinery, AfterAnOutageWithCompactionItListsAgainAndTellsWhatWentAndCame) {
    ns_ = "outage";
    make_namespace(ns_);
    ASSERT_TRUE(client_->apply(kConfigMap, in_ns("old"), {{"metadata", {{"labels", {{"test", "outage"}}}}}}).has_value());
    std::mutex mutex;
    std::vector<std::string> changes;
    Informer informer(*client_, {kConfigMap, "", "test=outage", ""});
    informer.add_handler([&](const runtime::ObjectChange& change) {
        const std::lock_guard lock(mutex);
        changes.push_back((!change.before ? "+" : !change.after ? "-" : "~") + change.name.name);
    });
    informer.start();
    ASSERT_TRUE(informer.wait_for_sync(seconds(30)));
    ask("outage");
    EXPECT_TRUE(wait_until([&] { return informer.store().get(in_ns("new")) != nullptr; }));
    EXPECT_EQ(informer.store().get(in_ns("old")), nullptr);
    EXPECT_GE(informer.lists_done(), 2U);
    informer.stop();
    EXPECT_EQ(changes, (std::vector<std::string>{"+old", "-old", "+new"}));
}

runtime::LeaderElectionOptions candidate(const ObjectName& lease, const std::string& identity) {
    return {lease, identity, {milliseconds(3000), milliseconds(2000), milliseconds(200)}};
}

TEST_F(Machinery, OfTwoCandidatesOneLeadsAndTheOtherFollowsARelease) {
    LeaderElection first(*client_, candidate(in_ns("op"), "first"));
    LeaderElection second(*client_, candidate(in_ns("op"), "second"));
    first.start();
    second.start();
    ASSERT_TRUE(wait_until([&] { return first.state() == State::kLeading || second.state() == State::kLeading; }));
    LeaderElection& leader = first.state() == State::kLeading ? first : second;
    LeaderElection& standby = &leader == &first ? second : first;
    // Over twice the lease's duration the renewals hold.
    EXPECT_FALSE(wait_until([&] { return leader.state() != State::kLeading || standby.state() != State::kStandby; }, seconds(6)));
    const auto began = Clock::now();
    leader.stop();
    ASSERT_TRUE(standby.wait_until_leading({}));
    EXPECT_LT(Clock::now() - began, seconds(2)) << "a released lease is taken without waiting for its end";
    const auto lease = client_->get(kube::kLease, in_ns("op"));
    EXPECT_EQ(kube::int_or(*lease, "/spec/leaseTransitions"), 1) << lease->dump();
}

TEST_F(Machinery, ALeaderThatCannotRenewLosesInTimeForTheNext) {
    LeaderElection leader(*client_, candidate(in_ns("op"), "leader"));
    leader.start();
    ASSERT_TRUE(leader.wait_until_leading({}));
    // Somebody took the lease: whatever the reason, two must not lead.
    ASSERT_TRUE(client_->merge_patch(kube::kLease, in_ns("op"), {{"spec", {{"holderIdentity", "thief"}}}}).has_value());
    EXPECT_TRUE(leader.wait_until_lost({}));
    // A candidate waits for the thief's lease to end by its own clock, then takes it.
    const auto began = Clock::now();
    LeaderElection heir(*client_, candidate(in_ns("op"), "heir"));
    heir.start();
    ASSERT_TRUE(heir.wait_until_leading({}));
    EXPECT_GE(Clock::now() - began, seconds(2));
}

class Labelling final : public runtime::Reconciler {
public:
    Labelling(kube::Cluster& cluster, const Informer& informer) : cluster_(cluster), informer_(informer) {}
    runtime::ReconcileResult reconcile(const ObjectName& name) override {
        const auto object = informer_.store().get(name);
        if (!object || kube::label_of(*object, "seen")) {
            return runtime::ReconcileResult::done();
        }
        const auto applied = cluster_.apply(kConfigMap, name, {{"metadata", {{"labels", {{"seen", "yes"}}}}}});
        return applied ? runtime::ReconcileResult::done() : runtime::ReconcileResult::from(applied.error());
    }

private:
    kube::Cluster& cluster_;
    const Informer& informer_;
};

TEST_F(Machinery, AManagedControllerBringsEveryObjectInLine) {
    for (int i = 0; i < 30; ++i) {
        put("m" + std::to_string(i), "1");
    }
    runtime::Manager manager(*client_, {candidate(in_ns("op"), "me"), milliseconds(60'000)});
    Informer& informer = manager.informer({kConfigMap, ns_, "", ""});
    Labelling reconciler(*client_, informer);
    manager.add_controller({.name = "labelling", .workers = 4, .limits = {}}, reconciler).watch(informer);
    std::stop_source stop;
    Result<void> ended;
    std::jthread runner([&] { ended = manager.run(stop.get_token()); });
    const auto labelled = [&] {
        return client_->list(kConfigMap, {.ns = ns_, .label_selector = "seen=yes", .field_selector = "", .resource_version = ""})
            ->items.size();
    };
    EXPECT_TRUE(wait_until([&] { return labelled() >= 30; }));
    put("late", "1");
    EXPECT_TRUE(wait_until([&] { return labelled() >= 31; }));
    stop.request_stop();
    runner.join();
    EXPECT_TRUE(ended.has_value());
    EXPECT_EQ(kube::string_or(*client_->get(kube::kLease, in_ns("op")), "/spec/holderIdentity", "none"), "") << "the lease was given away";
}

}  // namespace
}  // namespace cenote::apiserver_test
