#include "dataplane/pool/ledger.hpp"

#include <bit>

namespace cenote::pool {
namespace {

std::uint64_t bit(WorkerId worker) { return std::uint64_t{1} << worker; }
WorkerId lowest(std::uint64_t mask) { return static_cast<WorkerId>(std::countr_zero(mask)); }

}  // namespace

Ledger::Ledger(std::size_t workers) : idle_lists_(workers), waiter_lists_(workers) { CENOTE_CHECK(workers > 0 && workers <= kMaxWorkers); }

ServerNode* Ledger::pop_idle(WorkerId preferred) {
    if (idle_mask_ == 0) {
        return nullptr;
    }
    const WorkerId from = (idle_mask_ & bit(preferred)) != 0 ? preferred : lowest(idle_mask_);
    auto& list = idle_lists_[from];
    ServerNode* server = round_robin_ ? list.front() : list.back();
    static_cast<void>(take_idle(*server));
    return server;
}

bool Ledger::take_idle(ServerNode& server) {
    if (!server.hook.linked) {
        return false;
    }
    auto& list = idle_lists_[server.worker];
    list.erase(server);
    if (list.empty()) {
        idle_mask_ &= ~bit(server.worker);
    }
    --idle_;
    return true;
}

Acquired Ledger::acquire(Waiter& waiter, TimePoint now) {
    if (waiting_ == 0 && !paused_) {
        if (ServerNode* server = pop_idle(waiter.worker)) {
            return {server, server->worker != waiter.worker};
        }
    }
    waiter.ticket = next_ticket_++;
    waiter.since = now;
    waiter_lists_[waiter.worker].push_back(waiter);
    waiter_mask_ |= bit(waiter.worker);
    ++waiting_;
    return {};
}

void Ledger::unqueue(Waiter& waiter) {
    auto& list = waiter_lists_[waiter.worker];
    list.erase(waiter);
    if (list.empty()) {
        waiter_mask_ &= ~bit(waiter.worker);
    }
    --waiting_;
}

bool Ledger::cancel(Waiter& waiter) {
    if (!waiter.hook.linked) {
        return false;
    }
    unqueue(waiter);
    return true;
}

Waiter* Ledger::head() const noexcept {
    Waiter* first = nullptr;
    for (std::uint64_t mask = waiter_mask_; mask != 0; mask &= mask - 1) {
        Waiter* candidate = waiter_lists_[lowest(mask)].front();
        if (first == nullptr || candidate->ticket < first->ticket) {
            first = candidate;
        }
    }
    return first;
}

Waiter* Ledger::release(ServerNode& server, TimePoint now) {
    if (waiting_ > 0 && !paused_) {
        Waiter* waiter = head();
        if (waiter->worker != server.worker) {
            Waiter* local = waiter_lists_[server.worker].front();
            if (local != nullptr && local->since - waiter->since < kLocalPreference) {
                waiter = local;
            }
        }
        unqueue(*waiter);
        return waiter;
    }
    server.idle_since = now;
    idle_lists_[server.worker].push_back(server);
    idle_mask_ |= bit(server.worker);
    ++idle_;
    return nullptr;
}

Ledger::Match Ledger::match() {
    if (paused_ || waiting_ == 0 || idle_ == 0) {
        return {};
    }
    Waiter* waiter = head();
    unqueue(*waiter);
    return {waiter, pop_idle(waiter->worker)};
}

ServerNode* Ledger::longest_idle(WorkerId worker) const { return idle_lists_[worker].front(); }

std::size_t Ledger::idle_longer_than(Duration age, TimePoint now) const {
    std::size_t count = 0;
    for (const auto& list : idle_lists_) {
        for (const ServerNode* server = list.front(); server != nullptr; server = list.next(*server)) {
            count += now - server->idle_since > age ? 1U : 0U;
        }
    }
    return count;
}

}  // namespace cenote::pool
