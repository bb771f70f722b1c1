#include "operator/runtime/rate_limiter.hpp"

namespace cenote::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
const TimePoint kStart{seconds(1000)};

TEST(RateLimiter, EachKeyDoublesToTheLimitAndForgets) {
    RateLimiter limiter({.base_delay = milliseconds(5), .max_delay = milliseconds(1'000'000), .refill_per_second = 1000, .burst = 1000});
    const kube::ObjectName a{"n", "a"};
    EXPECT_EQ(limiter.when(a, kStart), milliseconds(5));
    EXPECT_EQ(limiter.when(a, kStart), milliseconds(10));
    EXPECT_EQ(limiter.when({"n", "b"}, kStart), milliseconds(5)) << "another key is not held back";
    for (int i = 0; i < 40; ++i) {
        (void)limiter.when(a, kStart);
    }
    EXPECT_EQ(limiter.when(a, kStart), seconds(1000));
    EXPECT_EQ(limiter.failures(a), 43U);
    limiter.forget(a);
    EXPECT_EQ(limiter.when(a, kStart), milliseconds(5));
}

TEST(RateLimiter, ThePastBurstIsSpreadAtTheRefillRate) {
    RateLimiter limiter({.base_delay = milliseconds(5), .max_delay = seconds(1), .refill_per_second = 10, .burst = 3});
    const auto nth = [&](int i, TimePoint now) { return limiter.when({"n", std::to_string(i)}, now); };
    EXPECT_EQ(nth(1, kStart), milliseconds(5));
    EXPECT_EQ(nth(2, kStart), milliseconds(5));
    EXPECT_EQ(nth(3, kStart), milliseconds(5));
    EXPECT_EQ(nth(4, kStart), milliseconds(100));
    EXPECT_EQ(nth(5, kStart), milliseconds(200));
    EXPECT_EQ(nth(6, kStart + seconds(10)), milliseconds(5)) << "refilled, but not beyond the burst";
    EXPECT_EQ(nth(7, kStart + seconds(10)), milliseconds(5));
    EXPECT_EQ(nth(8, kStart + seconds(10)), milliseconds(5));
    EXPECT_EQ(nth(9, kStart + seconds(10)), milliseconds(100));
}

}  // namespace
}  // namespace cenote::runtime
