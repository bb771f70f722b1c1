// What is to happen at a time, in order: one timer serves them all. Pure: the time comes in. Gate thread.
#pragma once

#include "dataplane/base/clock.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace cenote::gate {

class Deadlines {
public:
    using Key = std::pair<TimePoint, std::uint64_t>;  // the second is never 0 for one that was set

    [[nodiscard]] Key set(TimePoint when, std::function<void()> then) {
        const Key key{when, ++last_};
        entries_.emplace(key, std::move(then));
        if (when < armed_for_) {
            armed_for_ = when;
            if (earlier_) {
                earlier_(when);
            }
        }
        return key;
    }
    /// Nothing happens if it has come already, or was never set.
    void drop(Key& key) { entries_.erase(std::exchange(key, {})); }
    /// Does what is due. What it does may set and drop others.
    void run(TimePoint now) {
        while (!entries_.empty() && entries_.begin()->first.first <= now) {
            const auto then = std::move(entries_.begin()->second);
            entries_.erase(entries_.begin());
            then();
        }
        armed_for_ = next();
        if (earlier_ && armed_for_ != TimePoint::max()) {
            earlier_(armed_for_);
        }
    }
    [[nodiscard]] TimePoint next() const { return entries_.empty() ? TimePoint::max() : entries_.begin()->first.first; }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    void clear() { entries_.clear(); }

    /// Called with a time at which run() is to be called. A timer that fires for something dropped meanwhile costs nothing but that: it is
    /// not set back, since most deadlines are dropped and few come.
    void on_earlier(std::function<void(TimePoint)> arm) { earlier_ = std::move(arm); }

private:
    std::map<Key, std::function<void()>> entries_;
    std::function<void(TimePoint)> earlier_;
    TimePoint armed_for_ = TimePoint::max();
    std::uint64_t last_ = 0;
};

}  // namespace cenote::gate
