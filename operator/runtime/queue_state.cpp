#include "operator/runtime/queue_state.hpp"

#include "dataplane/base/assert.hpp"

#include <utility>

namespace cenote::runtime {

bool QueueState::add(const kube::ObjectName& key, TimePoint now) {
    if (!dirty_.emplace(key, now).second) {
        return false;
    }
    if (!processing_.contains(key)) {
        ready_.push_back(key);
    }
    return true;
}

void QueueState::add_at(const kube::ObjectName& key, TimePoint at) {
    if (const auto it = delay_of_.find(key); it != delay_of_.end()) {
        if (it->second <= at) {
            return;
        }
        delayed_.erase({it->second, key});
        it->second = at;
    } else {
        delay_of_.emplace(key, at);
    }
    delayed_.emplace(at, key);
}

std::size_t QueueState::promote(TimePoint now) {
    std::size_t promoted = 0;
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        const auto node = delayed_.extract(delayed_.begin());
        const auto& [at, key] = node.value();
        delay_of_.erase(key);
        promoted += add(key, at) ? 1U : 0U;
    }
    return promoted;
}

std::optional<QueueState::Taken> QueueState::take(TimePoint now) {
    if (ready_.empty()) {
        return std::nullopt;
    }
    kube::ObjectName key = std::move(ready_.front());
    ready_.pop_front();
    const auto dirty = dirty_.find(key);
    CENOTE_CHECK(dirty != dirty_.end());
    const Duration waited = now - dirty->second;
    dirty_.erase(dirty);
    CENOTE_CHECK(processing_.insert(key).second);
    return Taken{std::move(key), waited};
}

void QueueState::done(const kube::ObjectName& key) {
    if (processing_.erase(key) == 1 && dirty_.contains(key)) {
        ready_.push_back(key);
    }
}

std::optional<TimePoint> QueueState::next_deadline() const {
    return delayed_.empty() ? std::nullopt : std::optional(delayed_.begin()->first);
}

}  // namespace cenote::runtime
