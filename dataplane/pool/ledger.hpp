// The ledger of one pool: which servers are idle and on which worker, which clients wait and in what order, how many servers there are.
// Pure; not thread-safe: its owner (worker/shared_pool) holds a short lock around each call. It owns nothing: nodes live in the
// connections of the workers.
//
// Promises: a client never waits while a server is idle, save while paused; first come first served, except that a server may serve a
// waiter of its own worker that came less than kLocalPreference after the one at the head (moving a socket costs two wake-ups).
//
//   server  | call                      | next
//   opening | connected                 | leased (the caller tests it, then releases)
//   leased  | release, no waiter        | idle
//   leased  | release, a waiter         | leased to that waiter; on another worker: the caller carries it there
//   idle    | acquire                   | leased; if of another worker the caller asks that worker to bring it
//   idle    | take_idle                 | leased to the caller (to close or to test it)
//   leased  | closed                    | gone
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/pool/intrusive_list.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace cenote::pool {

using WorkerId = std::uint16_t;
inline constexpr std::size_t kMaxWorkers = 64;  // one bit each in the ledger's masks
inline constexpr Duration kLocalPreference = std::chrono::milliseconds(2);

/// Embedded in a server connection.
struct ServerNode {
    ListHook<ServerNode> hook;
    WorkerId worker = 0;
    TimePoint idle_since;
};

/// Embedded in a client connection.
struct Waiter {
    ListHook<Waiter> hook;
    WorkerId worker = 0;
    std::uint64_t ticket = 0;
    TimePoint since;
};

struct Acquired {
    ServerNode* server = nullptr;  // null: the waiter is queued
    bool remote = false;           // the server's socket is on another worker
};

class Ledger {
public:
    explicit Ledger(std::size_t workers);

    [[nodiscard]] Acquired acquire(Waiter& waiter, TimePoint now);
    /// The client gives up. False: it is no longer queued, a server is on its way to it.
    [[nodiscard]] bool cancel(Waiter& waiter);
    /// The waiter that gets this server, or null: it is idle now.
    [[nodiscard]] Waiter* release(ServerNode& server, TimePoint now);
    /// True: the caller has it now. False: it was taken by a client meanwhile.
    [[nodiscard]] bool take_idle(ServerNode& server);
    /// The server that has been idle longest and is on `worker`, or null.
    [[nodiscard]] ServerNode* longest_idle(WorkerId worker) const;

    void opening() { ++opening_; }
    void connected() { --opening_, ++open_; }
    void connect_failed() { --opening_; }
    void closed() { --open_; }

    void set_paused(bool paused) { paused_ = paused; }
    void set_round_robin(bool on) { round_robin_ = on; }
    [[nodiscard]] bool paused() const noexcept { return paused_; }
    /// After a pause: the longest waiting client and a server for it, until there is no such pair.
    struct Match {
        Waiter* waiter = nullptr;
        ServerNode* server = nullptr;
    };
    [[nodiscard]] Match match();

    /// The client that waits longest, or null.
    [[nodiscard]] Waiter* head() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] std::size_t idle() const noexcept { return idle_; }
    [[nodiscard]] std::size_t open() const noexcept { return open_; }  // idle and leased
    [[nodiscard]] std::size_t opening_now() const noexcept { return opening_; }
    [[nodiscard]] std::size_t leased() const noexcept { return open_ - idle_; }
    [[nodiscard]] std::size_t total() const noexcept { return open_ + opening_; }
    [[nodiscard]] std::size_t idle_longer_than(Duration age, TimePoint now) const;

private:
    using IdleList = IntrusiveList<ServerNode, &ServerNode::hook>;
    using WaiterList = IntrusiveList<Waiter, &Waiter::hook>;

    ServerNode* pop_idle(WorkerId preferred);
    void unqueue(Waiter& waiter);

    std::vector<IdleList> idle_lists_;      // a worker each; back = used last
    std::vector<WaiterList> waiter_lists_;  // a worker each, in ticket order
    std::uint64_t idle_mask_ = 0;
    std::uint64_t waiter_mask_ = 0;
    std::uint64_t next_ticket_ = 0;
    std::size_t idle_ = 0;
    std::size_t waiting_ = 0;
    std::size_t open_ = 0;
    std::size_t opening_ = 0;
    bool paused_ = false;
    bool round_robin_ = false;
};

}  // namespace cenote::pool
