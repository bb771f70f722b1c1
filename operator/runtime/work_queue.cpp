#include "operator/runtime/work_queue.hpp"

#include <utility>

namespace cenote::runtime {

WorkQueue::WorkQueue(std::string name, RateLimits limits, MetricsHooks& metrics, Now now)
    : name_(std::move(name)), metrics_(metrics), now_(std::move(now)), limiter_(limits) {}

void WorkQueue::add(const kube::ObjectName& key) {
    {
        const std::lock_guard lock(mutex_);
        if (shut_down_ || !state_.add(key, now_())) {
            return;
        }
        metrics_.queue_added(name_);
        report_depth_locked();
    }
    changed_.notify_one();
}

void WorkQueue::add_after(const kube::ObjectName& key, Duration delay) {
    if (delay <= Duration::zero()) {
        add(key);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (shut_down_) {
            return;
        }
        state_.add_at(key, now_() + delay);
    }
    changed_.notify_one();  // a waiter may have to wake sooner than it planned
}

void WorkQueue::add_rate_limited(const kube::ObjectName& key) {
    {
        const std::lock_guard lock(mutex_);
        if (shut_down_) {
            return;
        }
        const TimePoint now = now_();
        state_.add_at(key, now + limiter_.when(key, now));
        metrics_.queue_retried(name_);
    }
    changed_.notify_one();
}

void WorkQueue::forget(const kube::ObjectName& key) {
    const std::lock_guard lock(mutex_);
    limiter_.forget(key);
}

std::optional<kube::ObjectName> WorkQueue::take_locked() {
    const TimePoint now = now_();
    for (std::size_t promoted = state_.promote(now); promoted > 0; --promoted) {
        metrics_.queue_added(name_);
    }
    auto taken = state_.take(now);
    report_depth_locked();
    if (!taken) {
        return std::nullopt;
    }
    metrics_.queue_waited(name_, taken->waited);
    taken_at_[taken->key] = now;
    return std::move(taken->key);
}

std::optional<kube::ObjectName> WorkQueue::get() {
    std::unique_lock lock(mutex_);
    while (!shut_down_) {
        if (auto key = take_locked()) {
            if (state_.depth() > 0) {
                changed_.notify_one();  // several keys may have come due with one wake-up
            }
            return key;
        }
        if (const auto deadline = state_.next_deadline()) {
            changed_.wait_for(lock, *deadline - now_());
        } else {
            changed_.wait(lock);
        }
    }
    return std::nullopt;
}

std::optional<kube::ObjectName> WorkQueue::try_get() {
    const std::lock_guard lock(mutex_);
    return shut_down_ ? std::nullopt : take_locked();
}

void WorkQueue::done(const kube::ObjectName& key) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto node = taken_at_.extract(key)) {
            metrics_.queue_worked(name_, now_() - node.mapped());
        }
        state_.done(key);
        report_depth_locked();
    }
    changed_.notify_one();
}

void WorkQueue::shut_down() {
    {
        const std::lock_guard lock(mutex_);
        shut_down_ = true;
    }
    changed_.notify_all();
}

std::size_t WorkQueue::depth() const {
    const std::lock_guard lock(mutex_);
    return state_.depth();
}

std::size_t WorkQueue::failures(const kube::ObjectName& key) const {
    const std::lock_guard lock(mutex_);
    return limiter_.failures(key);
}

void WorkQueue::report_depth_locked() const { metrics_.queue_depth(name_, state_.depth()); }

}  // namespace cenote::runtime
