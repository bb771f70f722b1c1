// One client, logged in. Owned by its worker, touched by its worker's thread only (its Waiter part also under the pool's lock). Idle, it is
// this object and a socket: no buffer, no timer.
#pragma once

#include "dataplane/io/stream.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/registry/admission.hpp"
#include "dataplane/session/client_relay.hpp"
#include "dataplane/session/parameters.hpp"

#include <cstdint>

namespace cenote::worker {

struct Server;

//   kIdle     between transactions
//   kWaiting  asked for a server and has none yet
//   kActive   linked
//   kClosing  was told goodbye: what it is still to read goes out, then its end is waited for
//   kClosed   gone; kept only until a server that is on its way to it has come
enum class ClientState : std::uint8_t { kIdle, kWaiting, kActive, kClosing, kClosed };

struct Client : pool::Waiter {
    io::Stream stream;
    session::ClientRelay relay;
    Server* server = nullptr;
    session::Parameters parameters;
    TimePoint request_at;
    ClientState state = ClientState::kIdle;
    bool expects = false;  // in the ledger's queue, or a server or an answer is on its way to it
    bool ready = false;    // on the worker's ready list
    std::uint32_t slot = 0;
    std::int32_t secret = 0;
    std::uint64_t id = 0;
    registry::Admission admission;
    TimePoint connected_at;

    [[nodiscard]] registry::SharedPool& pool() const { return *admission.pool(); }
    /// Serves, or is to be served.
    [[nodiscard]] bool live() const { return state < ClientState::kClosing; }
};

}  // namespace cenote::worker
