#include "operator/sizing/rule.hpp"

#include <limits>
#include <random>

namespace cenote::sizing {
namespace {

WorkloadSize web(std::int64_t replicas, std::int64_t workers, std::int64_t threads) { return {"web", replicas, workers, threads, ""}; }

TEST(Rule, FourWorkersOfTwoThreadsNeedTwelve) { EXPECT_EQ(workload_demand(web(1, 4, 2), 150), 12); }

TEST(Rule, RoundsUp) {
    EXPECT_EQ(workload_demand(web(1, 1, 1), 150), 2);
    EXPECT_EQ(workload_demand(web(1, 1, 1), 101), 2);
    EXPECT_EQ(workload_demand(web(1, 1, 1), 100), 1);
    EXPECT_EQ(workload_demand(web(3, 3, 3), 50), 14);
    EXPECT_EQ(workload_demand(web(0, 4, 2), 150), 0);
}

TEST(Rule, NeverOverflows) {
    constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(workload_demand(web(kHuge, kHuge, kHuge), 1000), kMostConnections);
    EXPECT_EQ(workload_demand(web(100000, 10000, 10000), 1000), kMostConnections);
    EXPECT_EQ(workload_demand(web(-1, 4, 2), 150), 0);
    const std::vector<WorkloadSize> many(64, web(kHuge, 1, 1));
    EXPECT_EQ(pool_demand(many, 150, {}).demand, kMostConnections);
}

TEST(Rule, DemandGrowsWithEachFactor) {
    std::mt19937 random{4};
    std::uniform_int_distribution<std::int64_t> number{0, 2000};
    for (int i = 0; i < 2000; ++i) {
        const WorkloadSize size = web(number(random), number(random), number(random));
        const std::int64_t percent = number(random);
        const std::int64_t demand = workload_demand(size, percent);
        WorkloadSize more = size;
        ++more.replicas;
        EXPECT_GE(workload_demand(more, percent), demand);
        more = size;
        ++more.threads;
        EXPECT_GE(workload_demand(more, percent), demand);
        EXPECT_GE(workload_demand(size, percent + 1), demand);
    }
}

TEST(Rule, PoolIsTheSumWithinItsBounds) {
    const std::vector<WorkloadSize> workloads{web(2, 4, 2), {"nightly", 1, 4, 2, ""}};
    EXPECT_EQ(pool_demand(workloads, 150, {}), (PoolDemand{36, 36}));
    EXPECT_EQ(pool_demand(workloads, 150, {.min_demand = 50}), (PoolDemand{36, 50}));
    EXPECT_EQ(pool_demand(workloads, 150, {.min_demand = 1, .max_demand = 20}), (PoolDemand{36, 20}));
    EXPECT_EQ(pool_demand({}, 150, {}), (PoolDemand{0, 1}));
    EXPECT_EQ(client_connections(workloads), 24);
}

TEST(Rule, ExplanationShowsTheArithmetic) {
    const std::vector<WorkloadSize> one{web(2, 4, 2)};
    EXPECT_EQ(explain(one, 150, {}, 2, 12), "web: 2 replicas x 4 workers x 2 threads x 150% = 24; 2 pods x 12");
    const std::vector<WorkloadSize> quickstart{web(1, 4, 2)};
    EXPECT_EQ(explain(quickstart, 150, {}, 1, 12), "web: 1 replica x 4 workers x 2 threads x 150% = 12");
    EXPECT_EQ(explain(quickstart, 150, {}, 1, 7), "web: 1 replica x 4 workers x 2 threads x 150% = 12; 1 pod x 7");
    const std::vector<WorkloadSize> two{web(2, 4, 2), {"nightly", 1, 1, 1, ""}};
    EXPECT_EQ(
        explain(two, 150, {.min_demand = 1, .max_demand = 20}, 2, 10),
        "web: 2 replicas x 4 workers x 2 threads x 150% = 24; nightly: 1 replica x 1 worker x 1 thread x 150% = 2; together 26; "
        "held to 20 by maxDemand; 2 pods x 10"
    );
    EXPECT_EQ(explain({}, 150, {.min_demand = 5}, 1, 5), "no workloads; raised to 5 by minDemand");
}

}  // namespace
}  // namespace cenote::sizing
