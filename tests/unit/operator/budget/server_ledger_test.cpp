#include "operator/budget/server_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace cenote::budget {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Pools whose pods do at once what they are told, unless they are silent.
class ServerLedgerTest : public testing::Test {
protected:
    struct Pool {
        Claim claim;
        std::map<std::string, PodFact> pods;
    };

    void pool(const std::string& name, std::int64_t demand, std::int64_t replicas, std::optional<std::int64_t> cap = std::nullopt) {
        pools_[name].claim = {demand, replicas, cap};
    }
    void look() {
        for (auto& [name, pool] : pools_) {
            std::vector<PodFact> facts;
            for (const auto& [uid, fact] : pool.pods) {
                facts.push_back(fact);
            }
            ledger_.update(name, pool.claim, facts, {}, now_);
        }
    }
    /// Decisions are carried out: pods are made, shares written and, where the pod answers, reported. True when anything changed.
    bool turn() {
        look();
        bool changed = !ledger_.decide(now_).empty();
        for (auto& [name, pool] : pools_) {
            const PoolView view = ledger_.view(name);
            std::int64_t live = 0;
            for (auto& [uid, fact] : pool.pods) {
                live += fact.ending ? 0 : 1;
                const auto share = view.pods.find(uid);
                if (share != view.pods.end() && fact.written != share->second.share) {
                    fact.written = share->second.share;
                    fact.may_use = share->second.may_use;
                    changed = true;
                }
                if (fact.report) {
                    fact.report->limit = std::max(fact.written, kFloor);
                    fact.report->open = std::min(fact.report->open, fact.report->limit);
                }
            }
            for (; live < view.replicas; ++live) {
                const std::string uid = name + "-" + std::to_string(++made_);
                pool.pods[uid] = {.uid = uid, .ending = false, .serves = true, .written = 0, .may_use = 0, .report = Report{kFloor, 0}};
                changed = true;
            }
        }
        std::int64_t sum = 0;
        for (const std::string& name : ledger_.pools()) {
            sum += ledger_.view(name).charged;  // announced pods included
        }
        EXPECT_LE(sum, ledger_.available().value_or(1'000'000));
        return changed;
    }
    void settle() {
        int turns = 0;
        while (turn()) {
            ASSERT_LT(++turns, 50) << "it does not come to rest";
        }
    }
    std::vector<std::int64_t> shares(const std::string& name) const {
        std::vector<std::int64_t> out;
        for (const auto& [uid, share] : ledger_.view(name).pods) {
            out.push_back(share.share);
        }
        return out;
    }
    std::int64_t granted() const {
        std::int64_t sum = 0;
        for (const auto& [name, pool] : pools_) {
            sum += ledger_.view(name).granted;
        }
        return sum;
    }
    void use(const std::string& name, std::int64_t open) {
        for (auto& [uid, fact] : pools_[name].pods) {
            fact.report->open = std::min(open, fact.report->limit);
        }
    }

    ServerLedger ledger_;
    std::map<std::string, Pool> pools_;
    int made_ = 0;
    TimePoint now_{std::chrono::hours(1)};
};

TEST_F(ServerLedgerTest, WhereThereIsPlentyEveryPodGetsItsPartOfTheDemand) {
    ledger_.set_available(87);
    pool("a", 24, 2);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(12, 12));
    EXPECT_EQ(ledger_.view("a").limited_by, LimitedBy::kNothing);
    EXPECT_TRUE(ledger_.view("a").settled);
}

TEST_F(ServerLedgerTest, UnderFullDemandAtLeastNineTenthsAreGranted) {
    for (const int available : {20, 47, 87, 187, 490}) {
        for (const int replicas : {1, 2, 3}) {
            for (const int count : {1, 2, 3, 5}) {
                if (count * replicas * 4 > available) {
                    continue;
                }
                ledger_ = {};
                pools_.clear();
                ledger_.set_available(available);
                for (int i = 0; i < count; ++i) {
                    pool("p" + std::to_string(i), 1000, replicas);
                }
                settle();
                EXPECT_GE(granted() * 10, available * 9) << available << " for " << count << " pools of " << replicas;
                EXPECT_LT(granted(), available);
            }
        }
    }
}

// Two pools grow at the same time: each decision counts for the next, though no pod has taken anything over yet.
TEST_F(ServerLedgerTest, AGrantIsChargedBeforeItIsSeen) {
    ledger_.set_available(97);
    pool("a", 10, 1);
    pool("b", 10, 1);
    settle();
    pools_["a"].claim.demand = pools_["b"].claim.demand = 200;
    look();
    static_cast<void>(ledger_.decide(now_));
    look();
    static_cast<void>(ledger_.decide(now_));
    EXPECT_LE(ledger_.view("a").granted + ledger_.view("b").granted, 97);
    EXPECT_GE(ledger_.view("a").granted + ledger_.view("b").granted, 87);
}

TEST_F(ServerLedgerTest, ANewcomerWaitsUntilTheOthersHaveShrunk) {
    ledger_.set_available(87);
    pool("a", 500, 1);
    settle();
    use("a", 500);
    PodFact& busy = pools_["a"].pods.begin()->second;
    const std::int64_t before = busy.report->limit;
    pool("b", 500, 1);
    look();
    static_cast<void>(ledger_.decide(now_));
    EXPECT_LT(shares("a")[0], before);
    EXPECT_EQ(ledger_.view("a").charged, before);
    EXPECT_EQ(ledger_.view("b").replicas, 0) << "a's pod has not proved anything: not even a floor is free";
    EXPECT_EQ(ledger_.view("b").limited_by, LimitedBy::kServerBudget);
    settle();
    EXPECT_GE(shares("b")[0], 39);
}

TEST_F(ServerLedgerTest, WithoutTheServersWordNothingGrows) {
    pool("a", 500, 2);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(1, 1));
    EXPECT_EQ(ledger_.view("a").limited_by, LimitedBy::kServerUnknown);
    ledger_.set_available(50);
    settle();
    EXPECT_EQ(granted(), 47);
    ledger_.set_available(std::nullopt);
    settle();
    EXPECT_EQ(granted(), 47) << "and nothing shrinks";
}

TEST_F(ServerLedgerTest, AControllerThatHasJustBegunWaitsBeforeItGivesMore) {
    ledger_.set_available(50);
    ledger_.no_growth_before(now_ + std::chrono::seconds(5));
    pool("a", 10, 1);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(kFloor));
    EXPECT_EQ(ledger_.decide_again_at(now_), now_ + std::chrono::seconds(5));
    now_ += std::chrono::seconds(5);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(10));
}

TEST_F(ServerLedgerTest, AScaleDownGivesBackOnlyWhatIsGone) {
    ledger_.set_available(150);
    pool("a", 100, 10);
    settle();
    pool("b", 1000, 1);
    settle();
    pools_["a"].claim.replicas = 2;
    int left = 10;
    for (auto& [uid, fact] : pools_["a"].pods) {
        fact.ending = left-- > 2;  // they drain
    }
    static_cast<void>(turn());
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(turn());
    }
    EXPECT_LE(ledger_.view("b").granted, 150 - ledger_.view("a").charged);
    EXPECT_LT(granted() * 10, 150 * 9) << "what drains is not given twice";
    std::erase_if(pools_["a"].pods, [](const auto& entry) { return entry.second.ending; });
    now_ += std::chrono::seconds(15);
    settle();
    EXPECT_GE(granted() * 10, 150 * 9);
}

TEST_F(ServerLedgerTest, ManyNewPodsOfAFullServerComeWhenTheirFloorsAreFree) {
    ledger_.set_available(40);
    pool("a", 500, 1);
    settle();
    use("a", 500);
    pools_["a"].claim.replicas = 20;
    settle();
    EXPECT_EQ(ledger_.view("a").replicas, 20);
    EXPECT_GE(granted() * 10, 40 * 9);
}

// The larger number may be on its way to the Deployment's controller while the smaller one is decided.
TEST_F(ServerLedgerTest, ReplicasThatWereAllowedMayStillCome) {
    ledger_.set_available(87);
    pool("a", 500, 1);
    settle();
    pools_["a"].claim.replicas = 7;
    look();
    while (!ledger_.decide(now_).empty()) {
        for (auto& [uid, fact] : pools_["a"].pods) {
            fact.written = ledger_.view("a").pods.at(uid).share;
            fact.report = Report{fact.written, 0};
        }
        look();
    }
    EXPECT_EQ(ledger_.view("a").replicas, 7);
    pools_["a"].claim.replicas = 1;
    look();
    static_cast<void>(ledger_.decide(now_));
    EXPECT_EQ(ledger_.view("a").replicas, 1);
    EXPECT_GE(ledger_.standby(), 7);
    ASSERT_TRUE(ledger_.decide_again_at(now_));
    now_ = *ledger_.decide_again_at(now_);
    settle();
    EXPECT_LT(ledger_.standby(), 7);
}

TEST_F(ServerLedgerTest, ARollOutBeginsWhenItsPodsHaveTheirFloors) {
    ledger_.set_available(40);
    pool("a", 500, 4);
    settle();
    use("a", 500);
    std::vector<PodFact> facts;
    for (const auto& [uid, fact] : pools_["a"].pods) {
        facts.push_back(fact);
    }
    ledger_.update("a", pools_["a"].claim, facts, {.replicas = 4, .replacing = 0, .to_roll = 4}, now_);
    static_cast<void>(ledger_.decide(now_));
    EXPECT_FALSE(ledger_.view("a").may_roll) << "all but the standby is in use";
    for (PodFact& fact : facts) {
        fact.written = ledger_.view("a").pods.at(fact.uid).share;
        fact.report = Report{fact.written, fact.written};
    }
    ledger_.update("a", pools_["a"].claim, facts, {.replicas = 4, .replacing = 0, .to_roll = 4}, now_);
    static_cast<void>(ledger_.decide(now_));
    EXPECT_TRUE(ledger_.view("a").may_roll);
    EXPECT_GE(ledger_.standby(), 5);
}

TEST_F(ServerLedgerTest, AServerTooSmallRunsFewerPods) {
    ledger_.set_available(5);
    pool("a", 500, 10);
    settle();
    EXPECT_EQ(ledger_.view("a").replicas, 4);
    EXPECT_EQ(ledger_.view("a").limited_by, LimitedBy::kServerBudget);
}

TEST_F(ServerLedgerTest, AStatedCapHolds) {
    ledger_.set_available(87);
    pool("a", 60, 3, 20);
    settle();
    EXPECT_EQ(granted(), 20);
    EXPECT_EQ(ledger_.view("a").limited_by, LimitedBy::kMaxServerConnections);
}

TEST_F(ServerLedgerTest, PodsOfAPoolThatIsGoneStayCharged) {
    ledger_.set_available(47);
    pool("a", 500, 1);
    settle();
    Pool gone = pools_["a"];
    for (auto& [uid, fact] : gone.pods) {
        fact.ending = true;
        fact.report->open = 40;
    }
    pools_.erase("a");
    std::vector<PodFact> draining{gone.pods.begin()->second};
    ledger_.retire("a", draining, now_);
    pool("b", 500, 1);
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(turn());
    }
    EXPECT_LE(ledger_.view("b").granted, kFloor);
    ledger_.retire("a", {}, now_);
    settle();
    now_ += std::chrono::seconds(15);  // a pod of its Deployment may have been on its way
    settle();
    EXPECT_FALSE(ledger_.knows("a"));
    EXPECT_GE(shares("b")[0], 42);
}

TEST_F(ServerLedgerTest, ASilentPodHoldsUpNobodyButByWhatItHas) {
    ledger_.set_available(87);
    pool("a", 500, 1);
    pool("b", 500, 1);
    settle();
    PodFact& silent = pools_["a"].pods.begin()->second;
    silent.report.reset();
    pool("c", 500, 1);
    settle();
    EXPECT_EQ(ledger_.charged() - ledger_.view("a").charged, ledger_.view("b").granted + ledger_.view("c").granted);
    EXPECT_GE(ledger_.view("b").granted + ledger_.view("c").granted, 35);
}

TEST_F(ServerLedgerTest, WhatLiesFallowIsLentToWhoUsesAllOfTheirs) {
    ledger_.set_available(87);
    pool("busy", 500, 1);
    pool("idle", 500, 1);
    settle();
    EXPECT_THAT(shares("idle"), ElementsAre(42));
    use("busy", 500);
    use("idle", 3);
    settle();
    now_ += std::chrono::seconds(61);
    use("busy", 500);
    settle();
    EXPECT_GT(shares("busy")[0], 65);
    EXPECT_GE(granted() * 10, 87 * 9);
    // It comes back as soon as it is used.
    use("idle", 500);
    settle();
    EXPECT_GE(shares("idle")[0], 39);
}

TEST_F(ServerLedgerTest, ABusyPodGetsFromAnIdleOneOfItsPool) {
    ledger_.set_available(87);
    pool("a", 40, 2);
    settle();
    PodFact& busy = pools_["a"].pods.begin()->second;
    busy.report->open = 20;
    now_ += std::chrono::seconds(61);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(30, 10));
    now_ += std::chrono::seconds(30);
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(30, 10)) << "who got more is not content at once";
    pools_["a"].pods.rbegin()->second.report->open = 10;
    settle();
    EXPECT_THAT(shares("a"), ElementsAre(20, 20));
}

TEST_F(ServerLedgerTest, APodThatDoesNotServeKeepsNothingFromOthers) {
    ledger_.set_available(87);
    pool("a", 500, 1);
    pool("broken", 500, 2);
    static_cast<void>(turn());
    for (auto& [uid, fact] : pools_["broken"].pods) {
        fact.serves = false;
        fact.report.reset();
    }
    settle();
    EXPECT_GE(granted() * 10, 87 * 9);
    EXPECT_THAT(shares("broken"), ElementsAre(kFloor, kFloor));
}

}  // namespace
}  // namespace cenote::budget
