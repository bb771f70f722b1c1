// Cancel requests: the requester waits until it is done, `done` comes once whatever happens, guesses find nothing.
#include "tests/unit/dataplane/gate/fixture.hpp"

namespace cenote::gate {
namespace {

using Mode = ScriptedServer::Mode;
using Outcome = registry::CancelOrder::Outcome;

class CancelTest : public GateTest {
protected:
    CancelTest() {
        find = [this](std::uint32_t slot, std::int32_t secret, auto found) {
            looked_for.emplace_back(slot, secret);
            if (secret != kSecret) {
                found(std::nullopt);
                return;
            }
            found(order());
        };
    }
    registry::CancelOrder order() {
        registry::CancelOrder one;
        one.address = server.address();
        one.process_id = 7;
        one.secret_key = 9;
        one.done = [this](Outcome outcome) { outcomes.push_back(outcome); };
        return one;
    }
    [[nodiscard]] std::unique_ptr<Wire> ask(std::int32_t secret, std::uint32_t table = 1, const std::string& host = "10.0.0.1") {
        auto wire = connect(false, host);
        protocol::MessageWriter out;
        protocol::write_cancel_request(out, {registry::pid_of({table, 5}, 3), secret});
        EXPECT_TRUE(wire->send(out.data()));
        settle();
        return wire;
    }
    static constexpr std::int32_t kSecret = 4711;
    std::vector<std::pair<std::uint32_t, std::int32_t>> looked_for;
    std::vector<Outcome> outcomes;
};

TEST_F(CancelTest, TheRequesterWaitsUntilPostgresHasClosed) {
    server.hold_cancels = true;
    auto wire = ask(kSecret);
    ASSERT_TRUE(until([&] { return server.cancels.size() == 1; }));
    EXPECT_EQ(looked_for, (std::vector<std::pair<std::uint32_t, std::int32_t>>{{5, kSecret}}));
    EXPECT_EQ(server.cancels[0].process_id, 7);
    EXPECT_EQ(server.cancels[0].secret_key, 9);
    settle();
    EXPECT_TRUE(wire->receive());
    EXPECT_TRUE(outcomes.empty());
    server.hold_cancels = false;
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_EQ(outcomes, std::vector{Outcome::kDelivered});
}

TEST_F(CancelTest, ARequesterThatLeavesDoesNotUndoIt) {
    server.hold_cancels = true;
    auto wire = ask(kSecret);
    ASSERT_TRUE(until([&] { return server.cancels.size() == 1; }));
    wire->close();
    ASSERT_TRUE(until([&] { return gate->login_count() == 0; }));
    server.hold_cancels = false;
    ASSERT_TRUE(until([&] { return outcomes.size() == 1; }));
    EXPECT_EQ(outcomes[0], Outcome::kDelivered);
}

TEST_F(CancelTest, SentAndNotConfirmedIsUnknown) {
    server.hold_cancels = true;
    gate->cancel(order());
    ASSERT_TRUE(until([&] { return server.cancels.size() == 1; }));
    settle();
    pass(std::chrono::seconds(10));
    EXPECT_EQ(outcomes, std::vector{Outcome::kUnknown});
    server.hold_cancels = false;
    settle();
    EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(CancelTest, WhatCannotBeSentIsSaidSo) {
    auto nowhere = order();
    nowhere.address = *net::literal_address("127.0.0.1", 1);
    gate->cancel(std::move(nowhere));
    ASSERT_TRUE(until([&] { return outcomes.size() == 1; }));
    EXPECT_EQ(outcomes[0], Outcome::kNotSent);
}

TEST_F(CancelTest, StopAnswersEveryOrderOnce) {
    server.hold_cancels = true;
    gate->cancel(order());
    ASSERT_TRUE(until([&] { return server.cancels.size() == 1; }));
    settle();
    gate->cancel(order());  // not begun
    gate->stop();
    gate->cancel(order());  // too late
    EXPECT_EQ(outcomes, (std::vector{Outcome::kUnknown, Outcome::kNotSent, Outcome::kNotSent}));
}

TEST_F(CancelTest, ManyWaitTheirTurn) {
    server.hold_cancels = true;
    for (int i = 0; i < 200; ++i) {
        gate->cancel(order());
    }
    ASSERT_TRUE(until([&] { return server.cancels.size() == 64; }));
    EXPECT_EQ(outcomes, std::vector(200 - 128, Outcome::kNotSent));
    server.hold_cancels = false;
    ASSERT_TRUE(until([&] { return outcomes.size() == 200; }));
    EXPECT_EQ(server.cancels.size(), 128U);
}

TEST_F(CancelTest, WrongSecretsCloseAndTooManyAreNotLookedFor) {
    for (int i = 0; i < 250; ++i) {
        auto wire = ask(1);
        ASSERT_TRUE(until([&] { return !wire->receive(); }));
        EXPECT_EQ(wire->got(), "");
    }
    EXPECT_EQ(looked_for.size(), 200U);
    auto other = ask(kSecret, 1, "10.0.0.2");  // another source is not held to it
    ASSERT_TRUE(until([&] { return outcomes.size() == 1; }));
    pass(std::chrono::seconds(1));
    auto again = ask(kSecret);
    ASSERT_TRUE(until([&] { return outcomes.size() == 2; }));
}

TEST_F(CancelTest, AKeyOfNobodyIsClosed) {
    auto wire = connect();
    protocol::MessageWriter out;
    protocol::write_cancel_request(out, {-5, 1});
    ASSERT_TRUE(wire->send(out.data()));
    ASSERT_TRUE(until([&] { return !wire->receive(); }));
    EXPECT_TRUE(looked_for.empty());
}

TEST_F(CancelTest, AWorkerThatNeverAnswersDoesNotKeepTheRequester) {
    find = [](std::uint32_t, std::int32_t, const auto&) {};
    auto wire = ask(kSecret);
    EXPECT_TRUE(wire->receive());
    pass(std::chrono::seconds(60));
    EXPECT_FALSE(wire->receive());
    EXPECT_EQ(wire->got(), "");
}

}  // namespace
}  // namespace cenote::gate
