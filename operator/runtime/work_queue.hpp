// The blocking, thread-safe work queue over QueueState and RateLimiter. Owned by a controller; any thread adds, its workers get() and
// done().
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/kube/object.hpp"
#include "operator/runtime/metrics_hooks.hpp"
#include "operator/runtime/queue_state.hpp"
#include "operator/runtime/rate_limiter.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace cenote::runtime {

class WorkQueue {
public:
    using Now = std::function<TimePoint()>;

    explicit WorkQueue(std::string name, RateLimits limits = {}, MetricsHooks& metrics = no_metrics(), Now now = &Clock::now);

    void add(const kube::ObjectName& key);
    void add_after(const kube::ObjectName& key, Duration delay);
    /// After the key's own back-off; counts as a failure of it.
    void add_rate_limited(const kube::ObjectName& key);
    /// The key has succeeded: its next failure starts at the shortest back-off again.
    void forget(const kube::ObjectName& key);

    /// Blocks until a key is ready; nullopt once shut down. Each key got must be put down with done().
    [[nodiscard]] std::optional<kube::ObjectName> get();
    /// As get(), without waiting.
    [[nodiscard]] std::optional<kube::ObjectName> try_get();
    void done(const kube::ObjectName& key);

    /// No more keys are handed out, and every get() returns. Keys in hand are finished by their holders.
    void shut_down();
    [[nodiscard]] std::size_t depth() const;
    [[nodiscard]] std::size_t failures(const kube::ObjectName& key) const;

private:
    std::optional<kube::ObjectName> take_locked();
    void report_depth_locked() const;

    std::string name_;
    MetricsHooks& metrics_;
    Now now_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    QueueState state_;
    RateLimiter limiter_;
    std::unordered_map<kube::ObjectName, TimePoint> taken_at_;
    bool shut_down_ = false;
};

}  // namespace cenote::runtime
