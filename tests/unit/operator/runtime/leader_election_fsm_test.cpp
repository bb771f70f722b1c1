#include "operator/runtime/leader_election_fsm.hpp"

#include "operator/kube/object.hpp"

namespace cenote::runtime {
namespace {

using Action = LeaderElectionFsm::Action;
using State = LeaderElectionFsm::State;
using std::chrono::seconds;

const LeaderElectionFsm::WallTime kWall{};

kube::Json lease(
    const std::string& holder, const std::string& renewed, const std::string& version = "1", int duration = 15, int transitions = 3
) {
    return {
        {"metadata", {{"resourceVersion", version}}},
        {"spec", {{"holderIdentity", holder}, {"renewTime", renewed}, {"leaseDurationSeconds", duration}, {"leaseTransitions", transitions}}
        }
    };
}

struct Fixture {
    TimePoint now{seconds(1000)};
    LeaderElectionFsm fsm{"me", {}};

    Action read(const kube::Json& found) {
        EXPECT_EQ(fsm.next(now).kind, Action::Kind::kRead);
        return fsm.on_lease(found, now, kWall);
    }
    // Takes and holds the lease.
    void lead() {
        EXPECT_EQ(fsm.on_absent(now, kWall).kind, Action::Kind::kCreate);
        EXPECT_EQ(fsm.on_written(lease("me", "t1", "7"), now, now).kind, Action::Kind::kWait);
        EXPECT_EQ(fsm.state(), State::kLeading);
    }
};

TEST(LeaderElectionFsm, CreatesAnAbsentLeaseAndLeads) {
    Fixture f;
    EXPECT_EQ(f.fsm.next(f.now).kind, Action::Kind::kRead);
    const Action create = f.fsm.on_absent(f.now, kWall);
    EXPECT_EQ(create.kind, Action::Kind::kCreate);
    EXPECT_EQ(create.lease_spec["holderIdentity"], "me");
    EXPECT_EQ(create.lease_spec["leaseDurationSeconds"], 15);
    EXPECT_EQ(create.lease_spec["leaseTransitions"], 0);
    EXPECT_EQ(f.fsm.state(), State::kStandby) << "not before the write is known to have worked";
    const Action wait = f.fsm.on_written(lease("me", "t"), f.now, f.now);
    EXPECT_EQ(wait.wait, seconds(2));
    EXPECT_EQ(f.fsm.state(), State::kLeading);
}

TEST(LeaderElectionFsm, AHeldLeaseIsTakenOnlyWhenItsRecordStoodStillByOurClock) {
    Fixture f;
    EXPECT_EQ(f.read(lease("other", "year 1970 by the holder's clock")).kind, Action::Kind::kWait) << "the holder's clock means nothing";
    f.now += seconds(14);
    EXPECT_EQ(f.read(lease("other", "year 1970 by the holder's clock")).kind, Action::Kind::kWait);
    f.now += seconds(1);
    const Action take = f.read(lease("other", "year 1970 by the holder's clock", "9"));
    EXPECT_EQ(take.kind, Action::Kind::kUpdate);
    EXPECT_EQ(take.resource_version, "9");
    EXPECT_EQ(take.lease_spec["leaseTransitions"], 4);
}

TEST(LeaderElectionFsm, ARenewalStartsTheWaitAnew) {
    Fixture f;
    (void)f.read(lease("other", "t1"));
    f.now += seconds(14);
    EXPECT_EQ(f.read(lease("other", "t2")).kind, Action::Kind::kWait);
    f.now += seconds(14);
    EXPECT_EQ(f.read(lease("other", "t2")).kind, Action::Kind::kWait);
}

TEST(LeaderElectionFsm, AReleasedLeaseIsTakenAtOnce) {
    Fixture f;
    EXPECT_EQ(f.read(lease("", "t1", "1", 1)).kind, Action::Kind::kUpdate);
}

TEST(LeaderElectionFsm, LosingTheRaceKeepsUsWaiting) {
    Fixture f;
    (void)f.read(lease("", "t1"));
    EXPECT_EQ(f.fsm.on_failed(f.now).kind, Action::Kind::kWait);
    EXPECT_EQ(f.fsm.state(), State::kStandby);
}

TEST(LeaderElectionFsm, RenewalKeepsAcquireTimeAndTransitions) {
    Fixture f;
    f.lead();
    auto found = lease("me", "t1", "8");
    found["spec"]["acquireTime"] = "then";
    const Action renew = f.read(found);
    EXPECT_EQ(renew.kind, Action::Kind::kUpdate);
    EXPECT_EQ(renew.lease_spec["acquireTime"], "then");
    EXPECT_EQ(renew.lease_spec["leaseTransitions"], 3);
}

TEST(LeaderElectionFsm, FailedRenewalsLoseAtTheDeadline) {
    Fixture f;
    f.lead();
    f.now += seconds(9);
    EXPECT_EQ(f.fsm.on_failed(f.now).kind, Action::Kind::kWait);
    f.now += seconds(1);
    EXPECT_EQ(f.fsm.next(f.now).kind, Action::Kind::kStop);
    EXPECT_EQ(f.fsm.state(), State::kLost);
    EXPECT_EQ(f.fsm.next(f.now).kind, Action::Kind::kStop) << "lost is final";
}

TEST(LeaderElectionFsm, AWriteAnsweredTooLateDoesNotKeepUsLeading) {
    Fixture f;
    f.lead();
    const TimePoint asked = f.now + seconds(1);
    f.now += seconds(12);  // the answer took longer than the lease allows for: renewed, but measured from the question
    EXPECT_EQ(f.fsm.on_written(lease("me", "t2"), asked, f.now).kind, Action::Kind::kStop);
}

TEST(LeaderElectionFsm, AnotherHolderEndsIt) {
    Fixture f;
    f.lead();
    EXPECT_EQ(f.read(lease("other", "t9")).kind, Action::Kind::kStop);
    EXPECT_EQ(f.fsm.state(), State::kLost);
}

TEST(LeaderElectionFsm, ReleasingGivesTheLeaseAway) {
    Fixture f;
    f.lead();
    const kube::Json spec = f.fsm.release_spec(kWall);
    EXPECT_EQ(spec["holderIdentity"], "");
    EXPECT_EQ(spec["leaseDurationSeconds"], 1);
    EXPECT_EQ(f.fsm.resource_version(), "7");
}

}  // namespace
}  // namespace cenote::runtime
