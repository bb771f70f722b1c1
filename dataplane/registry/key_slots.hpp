// Places in a worker's table of clients, and the backend pid that stands for one: so a cancel request finds its client without a search,
// though the number looks like a process id and does not come back soon. The gate reserves a slot at a login, the worker frees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace cenote::registry {

class KeySlots {
public:
    /// Any thread.
    [[nodiscard]] std::uint32_t reserve();
    void release(std::uint32_t slot);

private:
    // So many slots rest before the first of them is used again: a pid that is back at once misleads client pools that tell connections by
    // it.
    static constexpr std::size_t kRest = 1024;
    std::mutex mutex_;
    std::deque<std::uint32_t> free_;  // guarded; freed longest ago first
    std::uint32_t next_ = 0;          // guarded
};

/// "table": a worker's number, or the count of workers for the console's own table.
struct KeyPlace {
    std::uint32_t table = 0;
    std::uint32_t slot = 0;
    bool operator==(const KeyPlace&) const = default;
};

/// The pid of a place among `tables` tables: positive, below 2^22 (Linux' largest) for the first four million places, and scattered.
[[nodiscard]] std::int32_t pid_of(KeyPlace place, std::uint32_t tables);
/// None: no place has this pid.
[[nodiscard]] std::optional<KeyPlace> place_of(std::int32_t pid, std::uint32_t tables);

}  // namespace cenote::registry
