// Events for people. Repeats become a series; writing happens in a thread of its own, best effort: a reconcile never waits for it, and when
// more than `max_pending` events wait, new ones are dropped (counted). Any thread records.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/runtime/event_aggregator.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace cenote::runtime {

class EventRecorder {
public:
    using Type = kube::EventRecord::Type;
    using WallNow = std::function<kube::EventRecord::Time()>;

    explicit EventRecorder(kube::Cluster& cluster, std::size_t max_pending = 1000, WallNow now = &std::chrono::system_clock::now);
    ~EventRecorder();
    EventRecorder(const EventRecorder&) = delete;
    EventRecorder& operator=(const EventRecorder&) = delete;

    void record(const kube::ObjectReference& regarding, Type type, std::string reason, std::string action, std::string note);
    void record(const kube::Json& regarding, Type type, std::string reason, std::string action, std::string note);

    /// Writes what is pending, for at most `grace`, and joins the thread. Final.
    void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(2000));
    [[nodiscard]] std::uint64_t dropped() const;

private:
    void run(std::stop_token stop);

    kube::Cluster& cluster_;
    std::size_t max_pending_;
    WallNow now_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    EventAggregator aggregator_;
    std::deque<kube::EventRecord> pending_;
    std::uint64_t dropped_ = 0;
    bool stopping_ = false;
    bool writing_ = false;
    std::jthread thread_;
};

}  // namespace cenote::runtime
