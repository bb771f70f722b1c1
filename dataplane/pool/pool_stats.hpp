// Counters of one pool on one worker: that worker is the only writer, the console and /metrics read them from outside, so relaxed atomics
// (plain loads and stores on x86-64) do. A cache line apart from the next worker's.
#pragma once

#include <atomic>
#include <cstdint>

namespace cenote::pool {

class Counter {
public:
    void add(std::uint64_t amount) noexcept { value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

struct alignas(64) PoolStats {
    Counter server_assignment_count;
    Counter xact_count;
    Counter query_count;
    Counter client_bytes;
    Counter server_bytes;
    Counter xact_time;  // microseconds, as all times here
    Counter query_time;
    Counter wait_time;
    Counter parse_count;
    Counter bind_count;
    Counter client_login_count;
};

}  // namespace cenote::pool
