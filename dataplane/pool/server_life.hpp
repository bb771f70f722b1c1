// The life of a server connection on a worker: its states, the one way from one to another, and what becomes of it when its client is done.
// Pure.
//
//   state        | what it is
//   kActive      | linked to a client, or on its way from one hand to the next
//   kIdle        | in the ledger's idle list: anybody's
//   kTested      | runs a query of ours (check, SET of parameters, reset); a client may be linked and waits
//   kHeld        | came back clean while a cancel request for its last client is under way
//   kMoving      | off this worker's loop or about to be, on its way to another's client
//   kBroken      | died while another worker's client was being given it; ends when that worker asks
//   kEnding      | told goodbye, waits for PostgreSQL to let go of it
//   kGone        | nothing but memory
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/pool/pool_policy.hpp"

#include <cstdint>
#include <string_view>

namespace cenote::pool {

enum class ServerState : std::uint8_t { kActive, kIdle, kTested, kHeld, kMoving, kBroken, kEnding, kGone };

/// A state that only enter() changes: a way that the table above does not have is our own mistake and ends the process.
class ServerLife {
public:
    [[nodiscard]] ServerState state() const noexcept { return state_; }
    [[nodiscard]] bool is(ServerState state) const noexcept { return state_ == state; }
    [[nodiscard]] bool open() const noexcept { return state_ < ServerState::kEnding; }
    void enter(ServerState next);

private:
    ServerState state_ = ServerState::kActive;
};

/// What is known of a server that its client has given back, proven clean.
struct ReturnFacts {
    bool obsolete = false;      // opened with settings that are no longer the pool's, or before a RECONNECT
    bool used = false;          // has served a client
    bool lifetime_turn = true;  // where its lifetime is over: none of its sisters has just gone for that
    bool cancel_underway = false;
    bool cancel_unconfirmed = false;  // one was sent, and whether it has struck is not known
    bool limit_lowered = false;       // its database or user has more connections than it may have now
    bool cedes = false;               // a client of another pool under the same limit has waited longer
    std::size_t open = 0;             // of the pool, this one included
    std::size_t waiting = 0;
    Duration age{};
};

enum class Fate : std::uint8_t { kIdle, kHold, kClose };
struct Verdict {
    Fate fate = Fate::kIdle;
    std::string_view reason;  // of kClose, PgBouncer's words
};

[[nodiscard]] Verdict fate_on_return(const PoolLimits& limits, const ReturnFacts& facts);

}  // namespace cenote::pool
