#include "operator/runtime/queue_state.hpp"

#include <random>

namespace cenote::runtime {
namespace {

using kube::ObjectName;
using std::chrono::seconds;
const TimePoint kStart{seconds(1000)};
const ObjectName kA{"n", "a"};
const ObjectName kB{"n", "b"};

TEST(QueueState, AKeyWaitsOnce) {
    QueueState queue;
    EXPECT_TRUE(queue.add(kA, kStart));
    EXPECT_FALSE(queue.add(kA, kStart));
    EXPECT_TRUE(queue.add(kB, kStart));
    EXPECT_EQ(queue.depth(), 2U);
    EXPECT_EQ(queue.take(kStart + seconds(3))->key, kA);
    EXPECT_EQ(queue.take(kStart + seconds(3))->key, kB);
    EXPECT_FALSE(queue.take(kStart).has_value());
}

TEST(QueueState, AKeyInHandComesBackOnceAfterDone) {
    QueueState queue;
    queue.add(kA, kStart);
    ASSERT_EQ(queue.take(kStart)->key, kA);
    EXPECT_TRUE(queue.add(kA, kStart + seconds(1)));
    EXPECT_FALSE(queue.add(kA, kStart + seconds(2)));
    EXPECT_FALSE(queue.take(kStart).has_value()) << "never in two hands";
    queue.done(kA);
    const auto taken = queue.take(kStart + seconds(5));
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(taken->waited, seconds(4));
    queue.done(kA);
    EXPECT_FALSE(queue.take(kStart).has_value());
}

TEST(QueueState, TheSoonerOfTwoDelaysCounts) {
    QueueState queue;
    queue.add_at(kA, kStart + seconds(10));
    queue.add_at(kA, kStart + seconds(20));
    EXPECT_EQ(queue.next_deadline(), kStart + seconds(10));
    queue.add_at(kA, kStart + seconds(5));
    EXPECT_EQ(queue.next_deadline(), kStart + seconds(5));
    EXPECT_EQ(queue.delayed(), 1U);
    EXPECT_EQ(queue.promote(kStart + seconds(4)), 0U);
    EXPECT_EQ(queue.promote(kStart + seconds(5)), 1U);
    EXPECT_EQ(queue.take(kStart + seconds(5))->key, kA);
    EXPECT_FALSE(queue.next_deadline().has_value());
}

TEST(QueueState, ADelayThatEndsWhileTheKeyWaitsAddsNothing) {
    QueueState queue;
    queue.add_at(kA, kStart + seconds(1));
    queue.add(kA, kStart);
    EXPECT_EQ(queue.promote(kStart + seconds(1)), 0U);
    EXPECT_EQ(queue.depth(), 1U);
}

// Random scripts against what a queue must promise: never in two hands; whatever was added after its last take comes out again.
TEST(QueueState, RandomScriptsKeepThePromises) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        QueueState queue;
        TimePoint now = kStart;
        std::set<ObjectName> in_hand;
        std::map<ObjectName, bool> wanted;  // added since it was last taken
        std::map<ObjectName, int> credit;   // additions less takes
        const auto pick = [&] { return ObjectName{"n", std::to_string(random() % 6)}; };
        const auto take = [&] {
            queue.promote(now);
            if (const auto taken = queue.take(now)) {
                ASSERT_TRUE(in_hand.insert(taken->key).second) << "seed " << seed;
                ASSERT_GE(--credit[taken->key], 0) << "came out more often than it was added, seed " << seed;
                wanted[taken->key] = false;
            }
        };
        for (int step = 0; step < 400; ++step) {
            now += std::chrono::milliseconds(random() % 50);
            const ObjectName key = pick();
            switch (random() % 4) {
                case 0:
                    queue.add(key, now);
                    wanted[key] = true;
                    ++credit[key];
                    break;
                case 1:
                    queue.add_at(key, now + std::chrono::milliseconds(random() % 500));
                    wanted[key] = true;
                    ++credit[key];
                    break;
                case 2:
                    take();
                    break;
                default:
                    if (!in_hand.empty()) {
                        queue.done(*in_hand.begin());
                        in_hand.erase(in_hand.begin());
                    }
            }
        }
        now += seconds(10);
        for (int round = 0; round < 20; ++round) {
            take();
            for (const ObjectName& key : std::exchange(in_hand, {})) {
                queue.done(key);
            }
        }
        for (const auto& [key, still] : wanted) {
            ASSERT_FALSE(still) << key.name << " was lost, seed " << seed;
        }
        ASSERT_EQ(queue.depth() + queue.in_hand() + queue.delayed(), 0U);
    }
}

}  // namespace
}  // namespace cenote::runtime
