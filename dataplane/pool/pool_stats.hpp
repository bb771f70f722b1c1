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

/// Their sums, as plain values.
struct StatsTotals {
    std::uint64_t server_assignment_count = 0;
    std::uint64_t xact_count = 0;
    std::uint64_t query_count = 0;
    std::uint64_t client_bytes = 0;
    std::uint64_t server_bytes = 0;
    std::uint64_t xact_time = 0;
    std::uint64_t query_time = 0;
    std::uint64_t wait_time = 0;
    std::uint64_t parse_count = 0;
    std::uint64_t bind_count = 0;
    std::uint64_t client_login_count = 0;

    StatsTotals& operator+=(const PoolStats& stats) {
        server_assignment_count += stats.server_assignment_count.get();
        xact_count += stats.xact_count.get();
        query_count += stats.query_count.get();
        client_bytes += stats.client_bytes.get();
        server_bytes += stats.server_bytes.get();
        xact_time += stats.xact_time.get();
        query_time += stats.query_time.get();
        wait_time += stats.wait_time.get();
        parse_count += stats.parse_count.get();
        bind_count += stats.bind_count.get();
        client_login_count += stats.client_login_count.get();
        return *this;
    }
};

}  // namespace cenote::pool
