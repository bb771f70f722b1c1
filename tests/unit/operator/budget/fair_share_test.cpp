#include "operator/budget/fair_share.hpp"

#include <numeric>
#include <random>

namespace cenote::budget {
namespace {

using Shares = std::vector<std::int64_t>;

TEST(FairShare, WhoAsksLittleGetsItAll) {
    const std::vector<Ask> asks{{0, 5}, {0, 100}, {0, 100}};
    EXPECT_EQ(fair_share(65, asks), (Shares{5, 30, 30}));
    EXPECT_EQ(fair_share(66, asks), (Shares{5, 31, 30}));
    EXPECT_EQ(fair_share(1000, asks), (Shares{5, 100, 100}));
    EXPECT_EQ(fair_share(0, asks), (Shares{0, 0, 0}));
    EXPECT_EQ(fair_share(10, {}), Shares{});
}

TEST(FairShare, TheLeastIsGrantedEvenWhenItDoesNotFit) {
    const std::vector<Ask> asks{{10, 20}, {2, 50}};
    EXPECT_EQ(fair_share(5, asks), (Shares{10, 2}));
    EXPECT_EQ(fair_share(16, asks), (Shares{10, 6}));
}

TEST(FairShare, PropertiesOnRandomAsks) {
    std::mt19937 random{7};
    std::uniform_int_distribution<std::int64_t> count{1, 8};
    std::uniform_int_distribution<std::int64_t> number{0, 60};
    for (int round = 0; round < 5000; ++round) {
        std::vector<Ask> asks;
        for (std::int64_t n = count(random); n > 0; --n) {
            const std::int64_t least = number(random) / 10;
            asks.push_back({least, least + number(random)});
        }
        const std::int64_t available = number(random) * 3;
        const Shares shares = fair_share(available, asks);
        std::int64_t leasts = 0;
        std::int64_t mosts = 0;
        for (const Ask& ask : asks) {
            leasts += ask.least;
            mosts += ask.most;
        }
        const std::int64_t sum = std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
        EXPECT_EQ(sum, std::max(leasts, std::min(available, mosts)));  // never beyond, and nothing wasted
        for (std::size_t i = 0; i < asks.size(); ++i) {
            EXPECT_GE(shares[i], asks[i].least);
            EXPECT_LE(shares[i], asks[i].most);
            for (std::size_t j = 0; j < asks.size() && shares[i] < asks[i].most; ++j) {
                // i is cut, so nobody has more than i (but for one odd unit) who was not owed it.
                EXPECT_TRUE(shares[j] <= shares[i] + 1 || shares[j] == asks[j].least);
            }
        }
    }
}

}  // namespace
}  // namespace cenote::budget
