#include "operator/sizing/stabilisation.hpp"

namespace cenote::sizing {
namespace {

using std::chrono::seconds;

/// A pool that follows each decision, at times the test sets.
class Followed : public ::testing::Test {
protected:
    std::int64_t at(int second, std::int64_t wanted, bool edited = false) {
        const auto decision = stabiliser.decide(wanted, in_use, edited, TimePoint{} + seconds{second});
        look_again = decision.look_again_in;
        in_use = decision.demand;
        return decision.demand;
    }

    Stabiliser stabiliser;
    std::optional<std::int64_t> in_use;
    std::optional<Duration> look_again;
};

using Stabilisation = Followed;

TEST_F(Stabilisation, TheFirstSizeActsAtOnce) {
    EXPECT_EQ(at(0, 12), 12);
    EXPECT_FALSE(look_again);
}

TEST_F(Stabilisation, GrowsAtOnceShrinksAfterTheWindow) {
    at(0, 12);
    EXPECT_EQ(at(10, 24), 24);
    EXPECT_EQ(at(20, 12), 24);
    EXPECT_EQ(look_again, seconds{300});
    EXPECT_EQ(at(319, 12), 24);
    EXPECT_EQ(look_again, seconds{1});
    EXPECT_EQ(at(320, 12), 12);
    EXPECT_FALSE(look_again);
}

TEST_F(Stabilisation, ADipShorterThanTheWindowChangesNothing) {
    at(0, 24);
    EXPECT_EQ(at(100, 6), 24);
    EXPECT_EQ(at(200, 24), 24);
    EXPECT_EQ(at(300, 6), 24);
    EXPECT_EQ(at(450, 6), 24);
    EXPECT_EQ(at(600, 6), 6);
}

TEST_F(Stabilisation, ShrinksToTheLargestThatWasWantedInTheWindow) {
    at(0, 48);
    EXPECT_EQ(at(10, 24), 48);
    EXPECT_EQ(at(200, 12), 48);
    EXPECT_EQ(at(310, 12), 24);
    EXPECT_EQ(look_again, seconds{190});
    EXPECT_EQ(at(500, 12), 12);
}

TEST_F(Stabilisation, SmallChangesWaitForTheLongerWindow) {
    at(0, 120);
    EXPECT_EQ(at(10, 125), 120);
    EXPECT_EQ(look_again, seconds{300});
    EXPECT_EQ(at(310, 125), 125);
    EXPECT_EQ(at(320, 138), 138);  // above 10 %
}

TEST_F(Stabilisation, AnEditedSpecActsAtOnce) {
    at(0, 24);
    EXPECT_EQ(at(1, 12, true), 12);
    EXPECT_EQ(at(2, 13, true), 13);
    EXPECT_FALSE(look_again);
}

TEST_F(Stabilisation, AfterARestartAShrinkWaitsOneWindow) {
    in_use = 24;
    EXPECT_EQ(at(0, 12), 24);
    EXPECT_EQ(look_again, seconds{300});
    EXPECT_EQ(at(300, 12), 12);
}

TEST_F(Stabilisation, AnUpWindowHoldsSpikesBack) {
    stabiliser = Stabiliser{{.tolerance_percent = 10, .up = seconds{60}, .down = seconds{300}}};
    at(0, 12);
    EXPECT_EQ(at(10, 24), 12);
    EXPECT_EQ(look_again, seconds{60});
    EXPECT_EQ(at(20, 12), 12);
    EXPECT_EQ(at(90, 24), 12);
    EXPECT_EQ(at(150, 24), 24);
}

}  // namespace
}  // namespace cenote::sizing
