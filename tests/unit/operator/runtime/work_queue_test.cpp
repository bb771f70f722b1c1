#include "operator/runtime/work_queue.hpp"

#include <atomic>
#include <thread>

namespace cenote::runtime {
namespace {

using kube::ObjectName;
using std::chrono::milliseconds;
using std::chrono::seconds;
const ObjectName kA{"n", "a"};

struct ManualClock {
    TimePoint now{seconds(1000)};
};

TEST(WorkQueue, ADelayedKeyComesWhenItsTimeHasCome) {
    ManualClock clock;
    WorkQueue queue("q", {}, no_metrics(), [&] { return clock.now; });
    queue.add_after(kA, seconds(5));
    EXPECT_FALSE(queue.try_get().has_value());
    clock.now += seconds(5);
    EXPECT_EQ(queue.try_get(), kA);
}

TEST(WorkQueue, FailuresBackOffUntilForgotten) {
    ManualClock clock;
    WorkQueue queue("q", {}, no_metrics(), [&] { return clock.now; });
    for (const auto expected : {milliseconds(5), milliseconds(10), milliseconds(20)}) {
        queue.add_rate_limited(kA);
        clock.now += expected - milliseconds(1);
        ASSERT_FALSE(queue.try_get().has_value());
        clock.now += milliseconds(1);
        ASSERT_EQ(queue.try_get(), kA);
        queue.done(kA);
    }
    EXPECT_EQ(queue.failures(kA), 3U);
    queue.forget(kA);
    EXPECT_EQ(queue.failures(kA), 0U);
}

TEST(WorkQueue, ShuttingDownEndsEveryWait) {
    WorkQueue queue("q");
    std::atomic<int> ended{0};
    {
        std::vector<std::jthread> waiters;
        for (int i = 0; i < 3; ++i) {
            waiters.emplace_back([&] { ended += queue.get().has_value() ? 0 : 1; });
        }
        queue.shut_down();
    }
    EXPECT_EQ(ended, 3);
    queue.add(kA);
    EXPECT_FALSE(queue.get().has_value());
}

TEST(WorkQueue, WorkersNeverShareAKeyAndLoseNone) {
    WorkQueue queue("q");
    constexpr int kKeys = 5;
    constexpr int kRounds = 2000;
    std::array<std::atomic<int>, kKeys> busy{};
    std::array<std::atomic<int>, kKeys> seen{};  // the newest addition a worker has seen
    std::array<std::atomic<int>, kKeys> added{};
    std::atomic<bool> shared{false};
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 4; ++i) {
            workers.emplace_back([&] {
                while (const auto key = queue.get()) {
                    const auto k = static_cast<std::size_t>(std::stoi(key->name));
                    if (busy[k].fetch_add(1) != 0) {
                        shared = true;
                    }
                    seen[k] = added[k].load();
                    busy[k].fetch_sub(1);
                    queue.done(*key);
                }
            });
        }
        for (int round = 0; round < kRounds; ++round) {
            const auto k = static_cast<std::size_t>(round % kKeys);
            ++added[k];
            if (round % 7 == 0) {
                queue.add_after({"n", std::to_string(k)}, std::chrono::microseconds(50));
            } else {
                queue.add({"n", std::to_string(k)});
            }
        }
        // The last addition of each key must reach a worker; ctest's own time limit ends a queue that loses it.
        for (std::size_t k = 0; k < kKeys; ++k) {
            while (seen[k] != kRounds / kKeys) {
                std::this_thread::yield();
            }
        }
        queue.shut_down();
    }
    EXPECT_FALSE(shared);
}

}  // namespace
}  // namespace cenote::runtime
