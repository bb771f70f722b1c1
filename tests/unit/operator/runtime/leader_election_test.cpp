#include "operator/runtime/leader_election.hpp"

#include "tests/unit/operator/runtime/fake_cluster.hpp"

namespace cenote::runtime {
namespace {

using State = LeaderElectionFsm::State;
using std::chrono::milliseconds;

LeaderElectionOptions candidate(const std::string& identity) {
    return {{"default", "op"}, identity, {milliseconds(15'000), milliseconds(10'000), milliseconds(5)}};
}

TEST(LeaderElection, ThePredecessorsReleaseLetsTheNextLeadAtOnce) {
    FakeCluster cluster;
    LeaderElection first(cluster, candidate("first"));
    LeaderElection second(cluster, candidate("second"));
    first.start();
    ASSERT_TRUE(first.wait_until_leading({}));
    second.start();
    EXPECT_EQ(second.state(), State::kStandby);
    first.stop();
    EXPECT_TRUE(second.wait_until_leading({}));
    EXPECT_EQ(kube::string_or(*cluster.get(kube::kLease, {"default", "op"}), "/spec/holderIdentity"), "second");
    EXPECT_NE(first.state(), State::kLeading);
}

TEST(LeaderElection, OfTwoThatRaceOneLeads) {
    for (int round = 0; round < 20; ++round) {
        FakeCluster cluster;
        LeaderElection a(cluster, candidate("a"));
        LeaderElection b(cluster, candidate("b"));
        a.start();
        b.start();
        cluster.wait_until([] { return true; });
        while (a.state() != State::kLeading && b.state() != State::kLeading) {
            std::this_thread::yield();
        }
        EXPECT_NE(a.state() == State::kLeading, b.state() == State::kLeading);
    }
}

TEST(LeaderElection, SomebodyElsesNameInTheLeaseIsALoss) {
    FakeCluster cluster;
    LeaderElection mine(cluster, candidate("mine"));
    mine.start();
    ASSERT_TRUE(mine.wait_until_leading({}));
    (void)cluster.merge_patch(kube::kLease, {"default", "op"}, {{"spec", {{"holderIdentity", "thief"}}}});
    EXPECT_TRUE(mine.wait_until_lost({}));
    mine.stop();
    EXPECT_EQ(kube::string_or(*cluster.get(kube::kLease, {"default", "op"}), "/spec/holderIdentity"), "thief") << "not ours to release";
}

}  // namespace
}  // namespace cenote::runtime
