// The work queue's rules, pure: which keys wait, which are in somebody's hands, which come back later. client-go's dirty/processing sets:
//   a key is in `ready` at most once; a key in hand that is added again becomes ready when it is put down, never before.
// The time is a parameter. Not thread-safe: work_queue.hpp guards it.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/kube/object.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace cenote::runtime {

class QueueState {
public:
    struct Taken {
        kube::ObjectName key;
        Duration waited;  // since it became ready
    };

    /// True if the key was not waiting already.
    bool add(const kube::ObjectName& key, TimePoint now);
    /// Ready at `at`, unless it is to come sooner anyway.
    void add_at(const kube::ObjectName& key, TimePoint at);
    /// The next ready key, now in the caller's hands until done().
    [[nodiscard]] std::optional<Taken> take(TimePoint now);
    void done(const kube::ObjectName& key);
    /// When the next delayed key becomes ready.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    /// Moves what is due into the ready keys; the number of keys that became ready.
    std::size_t promote(TimePoint now);

    [[nodiscard]] std::size_t depth() const { return ready_.size(); }
    [[nodiscard]] std::size_t in_hand() const { return processing_.size(); }
    [[nodiscard]] std::size_t delayed() const { return delay_of_.size(); }

private:
    std::deque<kube::ObjectName> ready_;
    std::unordered_map<kube::ObjectName, TimePoint> dirty_;  // ready, or in hand and added again; since when
    std::unordered_set<kube::ObjectName> processing_;
    std::unordered_map<kube::ObjectName, TimePoint> delay_of_;
    std::set<std::pair<TimePoint, kube::ObjectName>> delayed_;
};

}  // namespace cenote::runtime
