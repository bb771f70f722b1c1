// Ready, row by row: what is wrong, the reason it gives, and what the message tells to do.
#include "operator/controller/pool_ready.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cenote::controller {
namespace {

using testing::HasSubstr;

class PoolReadyTest : public testing::Test {
protected:
    PoolReadyTest() {
        observed_.pool.namespace_ = "shop";
        observed_.pool.name = "orders";
        observed_.pool.spec.database.credentials_secret = "orders-db";
        sized_.pool.replicas = 1;
        sized_.server.known = true;
        server_.capacity = database::Capacity{};
    }
    Readiness look() const { return readiness_of(observed_, sized_, server_, pods_, convergence_); }
    void fails(const std::string& reason, const std::string& message) const {
        const Readiness readiness = look();
        EXPECT_FALSE(readiness.ready);
        EXPECT_EQ(readiness.reason, reason);
        EXPECT_THAT(readiness.message, HasSubstr(message));
    }

    Observed observed_;
    Sized sized_;
    ServerReading server_;
    PodCounts pods_{.wanted = 1, .ready = 1, .current = true};
    Convergence convergence_;
};

TEST_F(PoolReadyTest, AllIsWell) {
    EXPECT_TRUE(look().ready);
    pods_ = {.wanted = 0, .ready = 0, .current = true};
    EXPECT_EQ(look().reason, "ScaledToZero");
}

TEST_F(PoolReadyTest, AWrongPassword) {
    server_ = {std::nullopt, "FATAL: password authentication failed for user \"orders\""};
    fails("LoginRefused", "kubectl -n shop get secret orders-db");
}

TEST_F(PoolReadyTest, AWrongHost) {
    server_ = {std::nullopt, "cannot resolve \"nowhere.shop.svc\": Name or service not known"};
    fails("NameNotFound", "nowhere.shop.svc");
}

TEST_F(PoolReadyTest, ANetworkThatLetsTheOperatorReachNothing) {
    sized_.server.known = false;
    server_ = {std::nullopt, "timeout expired"};
    fails("Timeout", "NetworkPolicy");
    sized_.pool.open = 3;  // but the pods
    EXPECT_TRUE(look().ready);
}

TEST_F(PoolReadyTest, AServerThatDoesNotAnswerForAWhile) {
    server_.error = "FATAL: sorry, too many clients already";
    EXPECT_TRUE(look().ready) << "it was seen to work, and clients wait for places, not for us";
}

TEST_F(PoolReadyTest, AProgramThatCannotBeRead) {
    sized_.demand.unknown = "web: the command is in the image";
    fails("DemandUnknown", "state workers and threads under spec.workloads");
}

TEST_F(PoolReadyTest, AServerThatIsFull) {
    sized_.pool.replicas = 0;
    sized_.pool.limited_by = budget::LimitedBy::kServerBudget;
    fails("ServerFull", "0 of 1 pods may run");
}

TEST_F(PoolReadyTest, AnImageThatCannotBePulled) {
    pods_.ready = 0;
    PodState pod;
    pod.name = {"shop", "orders-1"};
    pod.trouble = "ImagePullBackOff";
    pod.trouble_message = "Back-off pulling image \"nope\"";
    observed_.pods = {pod};
    fails("ImagePullBackOff", "Back-off pulling image \"nope\"; kubectl -n shop describe pod orders-1");
}

TEST_F(PoolReadyTest, AQuota) {
    pods_.ready = 0;
    observed_.deployment = std::make_shared<const kube::Json>(kube::Json{
        {"status", {{"conditions", {{{"type", "ReplicaFailure"}, {"status", "True"}, {"message", "pods is forbidden: exceeded quota"}}}}}}
    });
    fails("PodsNotCreated", "exceeded quota");
}

TEST_F(PoolReadyTest, ABadSettingThatThePodsRefuse) {
    convergence_.reload_error = "orders-1: cenote.ini:12: no";
    fails("ReloadFailed", "cenote.ini:12");
}

}  // namespace
}  // namespace cenote::controller
