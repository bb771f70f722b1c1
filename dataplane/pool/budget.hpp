// Server connections that several pools share against one limit: those of a database, those of a user. Exact: a place is taken before a
// connection is opened and given back when PostgreSQL has let it go. First come, first served over all those pools: the pool whose client
// has waited longest gets the next place, however busy its sisters are. Any thread; its own short lock, taken only where there is a limit.
//
//   call                    | done
//   try_take, room, no one waits longer   | a place, the claim is settled
//   try_take, otherwise                   | the claim is queued by how long its client has waited
//   give_back, forget                     | `wake` is called for the first claim if there is room; it stays first until it takes or forgets
// Lock order: a pool's lock before a budget's.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/pool/intrusive_list.hpp"

#include <atomic>
#include <mutex>

namespace cenote::pool {

class Budget {
public:
    /// A pool's wish for a place. Owned by the pool; queued at most once.
    struct Claim {
        ListHook<Claim> hook;
        TimePoint since;  // when the pool's longest waiting client began to wait
    };

    /// 0 = no limit. Lowering it takes effect as places come back.
    void set_limit(int limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }
    [[nodiscard]] int limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    [[nodiscard]] int used() const noexcept { return used_.load(std::memory_order_relaxed); }
    /// More places are taken than there are now.
    [[nodiscard]] bool over() const noexcept { return limit() > 0 && used() > limit(); }
    /// Somebody waits for a place. Read without the lock: a hint.
    [[nodiscard]] bool contested() const noexcept { return claims_.load(std::memory_order_relaxed) > 0; }

    [[nodiscard]] bool try_take(Claim& claim, TimePoint since) {
        if (limit() == 0) {
            used_.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
        const std::lock_guard lock(mutex_);
        unqueue(claim);
        const bool first = queue_.empty() || since <= queue_.front()->since;
        if (first && used() < limit()) {
            used_.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
        claim.since = since;
        insert(claim);
        return false;
    }
    /// wake(Claim&) runs under this budget's lock: it may only pass the word on.
    template <class Wake>
    void give_back(Wake&& wake) {
        used_.fetch_sub(1, std::memory_order_relaxed);
        call_first(wake);
    }
    /// The pool wants no place any more.
    template <class Wake>
    void forget(Claim& claim, Wake&& wake) {
        {
            const std::lock_guard lock(mutex_);
            if (!claim.hook.linked) {
                return;
            }
            unqueue(claim);
        }
        call_first(wake);
    }
    /// A pool whose own client has waited since `since` is to give its place to another pool's.
    [[nodiscard]] bool must_cede(TimePoint since) const {
        if (!contested()) {
            return false;
        }
        const std::lock_guard lock(mutex_);
        return !queue_.empty() && queue_.front()->since < since;
    }

private:
    using Queue = IntrusiveList<Claim, &Claim::hook>;

    void unqueue(Claim& claim) {
        if (claim.hook.linked) {
            queue_.erase(claim);
            claims_.fetch_sub(1, std::memory_order_relaxed);
        }
    }
    void insert(Claim& claim) {
        // Claims come nearly in order, so the place is found from the end.
        Claim* before = queue_.back();
        while (before != nullptr && claim.since < before->since) {
            before = before->hook.prev;
        }
        queue_.insert_after(before, claim);
        claims_.fetch_add(1, std::memory_order_relaxed);
    }
    template <class Wake>
    void call_first(Wake& wake) {
        if (!contested()) {
            return;
        }
        const std::lock_guard lock(mutex_);
        if (!queue_.empty() && (limit() == 0 || used() < limit())) {
            wake(*queue_.front());
        }
    }

    std::atomic<int> limit_{0};
    std::atomic<int> used_{0};
    std::atomic<int> claims_{0};
    mutable std::mutex mutex_;
    Queue queue_;  // guarded by mutex_; longest waiting first
};

}  // namespace cenote::pool
