#include "dataplane/pool/server_life.hpp"

#include "dataplane/pool/connect_health.hpp"

#include <gtest/gtest.h>

namespace cenote::pool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const TimePoint kStart = TimePoint{} + std::chrono::hours(1);

TEST(ServerLife, GoesOnlyTheWaysOfTheTable) {
    ServerLife life;
    life.enter(ServerState::kIdle);
    life.enter(ServerState::kMoving);
    life.enter(ServerState::kActive);
    life.enter(ServerState::kTested);
    life.enter(ServerState::kActive);
    life.enter(ServerState::kHeld);
    life.enter(ServerState::kEnding);
    EXPECT_FALSE(life.open());
    EXPECT_DEATH(life.enter(ServerState::kActive), "assertion failed");
    ServerLife idle;
    idle.enter(ServerState::kIdle);
    EXPECT_DEATH(idle.enter(ServerState::kTested), "assertion failed") << "an idle server is anybody's: it must be taken first";
}

PoolLimits limits() {
    PoolLimits limits;
    limits.pool_size = 2;
    limits.server_lifetime = seconds(10);
    return limits;
}

TEST(FateOnReturn, IdleUnlessSomethingSpeaksAgainstIt) {
    ReturnFacts facts;
    facts.used = true;
    facts.open = 2;
    EXPECT_EQ(fate_on_return(limits(), facts).fate, Fate::kIdle);
    facts.open = 3;
    EXPECT_EQ(fate_on_return(limits(), facts).reason, "pool size was lowered");
}

TEST(FateOnReturn, ACancelUnderWayComesBeforeEverythingElse) {
    ReturnFacts facts;
    facts.cancel_underway = true;
    facts.obsolete = true;
    EXPECT_EQ(fate_on_return(limits(), facts).fate, Fate::kHold);
    facts.cancel_underway = false;
    facts.cancel_unconfirmed = true;
    EXPECT_EQ(fate_on_return(limits(), facts).fate, Fate::kClose);
}

TEST(FateOnReturn, LifetimesAreSpaced) {
    ReturnFacts facts;
    facts.used = true;
    facts.age = seconds(11);
    EXPECT_EQ(fate_on_return(limits(), facts).reason, "server lifetime over");
    facts.lifetime_turn = false;
    EXPECT_EQ(fate_on_return(limits(), facts).fate, Fate::kIdle);
}

TEST(FateOnReturn, TheReserveStaysWhileSomebodyWaits) {
    auto some = limits();
    some.reserve_pool_size = 1;
    ReturnFacts facts;
    facts.open = 3;
    facts.waiting = 1;
    EXPECT_EQ(fate_on_return(some, facts).fate, Fate::kIdle);
    facts.waiting = 0;
    EXPECT_EQ(fate_on_return(some, facts).fate, Fate::kClose);
}

TEST(ConnectHealth, AServerThatIsAwayIsLookedForEverySecondAtMost) {
    ConnectHealth health;
    TimePoint now = kStart;
    for (int i = 0; i < 30; ++i) {
        health.connect_failed(now, seconds(15));
        EXPECT_LE(health.retry_at() - now, seconds(1));
        EXPECT_GT(health.retry_at(), now);
        now = health.retry_at();
    }
    EXPECT_FALSE(health.refusal());
    health.succeeded();
    EXPECT_TRUE(health.may_try(now));
}

TEST(ConnectHealth, ARefusedLoginIsTriedEverRarerUpToServerLoginRetry) {
    ConnectHealth health;
    TimePoint now = kStart;
    Duration longest{};
    for (int i = 0; i < 30; ++i) {
        health.login_refused(now, seconds(15), Error{"password authentication failed", "28P01"});
        longest = std::max(longest, health.retry_at() - now);
        now = health.retry_at();
    }
    EXPECT_EQ(longest, seconds(15));
    EXPECT_EQ(health.refusal()->sqlstate, "28P01");
}

TEST(ConnectHealth, AWaiterBringsANewTryOnceTheLastFailureIsOld) {
    ConnectHealth health;
    for (int i = 0; i < 20; ++i) {
        health.login_refused(kStart, seconds(15), Error{"no"});
    }
    health.on_waiter(kStart + milliseconds(500));
    EXPECT_FALSE(health.may_try(kStart + milliseconds(500)));
    health.on_waiter(kStart + seconds(2));
    EXPECT_TRUE(health.may_try(kStart + seconds(2)));
}

}  // namespace
}  // namespace cenote::pool
