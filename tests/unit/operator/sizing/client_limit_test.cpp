#include "operator/sizing/client_limit.hpp"

#include <limits>

namespace cenote::sizing {
namespace {

TEST(ClientLimit, SmallPoolsGetTheLeast) {
    const std::vector<WorkloadSize> workloads{{"web", 2, 4, 2, ""}};
    EXPECT_EQ(max_client_conn(workloads, 150), 1000);
    EXPECT_EQ(max_client_conn({}, 150), 1000);
}

TEST(ClientLimit, LargeWorkloadsFitWhileTheyRollOut) {
    // 460 pods x 20 connections, and a quarter more while rolling: 575 x 20 x 1.5.
    const std::vector<WorkloadSize> workloads{{"workers", 460, 1, 20, ""}};
    EXPECT_EQ(max_client_conn(workloads, 150), 17300);
    // Less head-room for the server's sake never refuses clients.
    EXPECT_EQ(max_client_conn(workloads, 50), 11500);
}

TEST(ClientLimit, NeverOverflows) {
    constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
    const std::vector<WorkloadSize> workloads(3, WorkloadSize{"x", kHuge, kHuge, kHuge, ""});
    EXPECT_EQ(max_client_conn(workloads, 1000), kMostConnections);
}

}  // namespace
}  // namespace cenote::sizing
