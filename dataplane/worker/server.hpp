// One server connection. Owned by the worker it is on, and moved whole to another worker when a client there needs it; then only that
// worker's thread touches it. Its ServerNode part is also read and written under the pool's lock.
#pragma once

#include "dataplane/io/stream.hpp"
#include "dataplane/net/socket.hpp"
#include "dataplane/pool/agenda.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/pool/server_life.hpp"
#include "dataplane/registry/place.hpp"
#include "dataplane/session/parameters.hpp"
#include "dataplane/session/server_relay.hpp"
#include "dataplane/session/transaction_tracker.hpp"
#include "dataplane/worker/mailbox.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cenote::worker {

using pool::ServerState;

/// A query of ours that a server runs before or after a client has it.
enum class Job : std::uint8_t { kNone, kCheck, kParameters, kReset };

struct Server : pool::ServerNode {
    io::Stream stream;
    pool::ServerLife life;
    Job job = Job::kNone;
    bool used = false;                // has served a client: with server_lifetime 0 it is not used again
    bool cancel_unconfirmed = false;  // a cancel request was sent and nobody knows whether it has struck
    Client* client = nullptr;
    session::ServerRelay relay;
    session::TransactionTracker tracker;
    session::Parameters parameters;
    TimePoint query_start;  // TimePoint{} = no query runs
    TimePoint xact_start;
    TimePoint ready_at;  // of the last ReadyForQuery, for idle_transaction_timeout
    TimePoint linked_at;
    registry::Place place;
    registry::SharedPool* shared = nullptr;  // place's pool
    std::uint32_t epoch = 0;
    int cancels = 0;  // cancel requests for it under way
    pool::Agenda::Item timer;
    ServerLetter letter;
    std::int32_t process_id = 0;
    std::int32_t secret_key = 0;
    TimePoint connected_at;
    TimePoint ending_at;        // kEnding: when it is cut off
    std::size_t discarded = 0;  // kEnding: bytes read and thrown away
    std::uint64_t id = 0;
    std::size_t row = 0;                     // in the worker's table
    std::unique_ptr<std::string> job_error;  // the server's answer to a query of ours, if it was an error
    net::Address address;

    [[nodiscard]] registry::SharedPool& pool() const { return *shared; }
    [[nodiscard]] bool is(ServerState state) const { return life.is(state); }
    /// Its pool has newer settings, or was told to reconnect.
    [[nodiscard]] bool obsolete() const { return epoch != shared->epoch.load(std::memory_order_relaxed); }
};

}  // namespace cenote::worker
