#include "operator/runtime/event_recorder.hpp"

#include "tests/unit/operator/runtime/fake_cluster.hpp"

namespace cenote::runtime {
namespace {

const kube::ObjectReference kPool{"cenote.dev/v1alpha1", "ConnectionPool", "shop", "orders", "u"};

TEST(EventRecorder, WhatWasRecordedIsWrittenBeforeItEnds) {
    FakeCluster cluster;
    EventRecorder recorder(cluster);
    recorder.record(kPool, EventRecorder::Type::kWarning, "Invalid", "Validate", "one");
    recorder.record(kPool, EventRecorder::Type::kNormal, "Scaled", "Scale", "two");
    recorder.stop(std::chrono::seconds(20));
    ASSERT_EQ(cluster.emitted.size(), 2U);
    EXPECT_EQ(cluster.emitted[0].reason, "Invalid");
    EXPECT_EQ(cluster.emitted[1].note, "two");
}

TEST(EventRecorder, AStuckClusterNeverBlocksTheCaller) {
    FakeCluster cluster;
    cluster.hold_emits = true;
    EventRecorder recorder(cluster, 3);
    for (int i = 0; i < 20; ++i) {
        recorder.record(kPool, EventRecorder::Type::kNormal, "Scaled", "Scale", std::to_string(i));
    }
    EXPECT_GE(recorder.dropped(), 16U);
    cluster.release_emits();
    recorder.stop(std::chrono::seconds(20));
    EXPECT_LE(cluster.emitted.size(), 4U);
}

}  // namespace
}  // namespace cenote::runtime
