// Collects strings from any thread, and waits for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace cenote::runtime {

class Recorder {
public:
    void add(std::string text) {
        const std::lock_guard lock(mutex_);
        seen_.push_back(std::move(text));
        changed_.notify_all();
    }
    /// Waits until there are that many; what there is after 20 s otherwise.
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() >= count; });
        return seen_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> seen_;
};

}  // namespace cenote::runtime
