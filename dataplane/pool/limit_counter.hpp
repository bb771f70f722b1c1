// Counts what many pools share against one limit: the server connections of a database or of a user, the clients of the process. Exact:
// a place is taken before a connection is opened and given back when it is gone. Any thread.
#pragma once

#include <atomic>

namespace cenote::pool {

class LimitCounter {
public:
    /// 0 = no limit. Lowering it takes effect as places come back.
    void set_limit(int limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }
    [[nodiscard]] int limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    [[nodiscard]] int used() const noexcept { return used_.load(std::memory_order_relaxed); }

    [[nodiscard]] bool try_take() noexcept {
        int used = used_.load(std::memory_order_relaxed);
        do {
            const int limit = limit_.load(std::memory_order_relaxed);
            if (limit > 0 && used >= limit) {
                return false;
            }
        } while (!used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
        return true;
    }
    void give_back() noexcept { used_.fetch_sub(1, std::memory_order_relaxed); }

private:
    std::atomic<int> limit_{0};
    std::atomic<int> used_{0};
};

}  // namespace cenote::pool
