// One server connection. Owned by the worker it is on, and moved whole to another worker when a client there needs it; then only that
// worker's thread touches it. Its ServerNode part is also read and written under the pool's lock.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/net/socket.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/session/parameters.hpp"
#include "dataplane/session/server_login.hpp"
#include "dataplane/session/server_relay.hpp"
#include "dataplane/session/transaction_tracker.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cenote::worker {

class SharedPool;
struct ClientConnection;

//   kConnecting → kLogin → (kJob connect_query) → idle
//   kIdle          in the ledger's idle list
//   kActive        linked to a client
//   kJob           runs a query of ours: check, SET of parameters, reset; a client may be linked and waits
//   kBeingCanceled came back clean, but a cancel request for it is still under way
//   kBroken        died while another worker's client was being given it; goes when that worker asks
//   kClosed        gone; kept only until the cancel requests that name it are done
enum class ServerState : std::uint8_t { kConnecting, kLogin, kIdle, kActive, kJob, kBeingCanceled, kBroken, kClosed };
enum class ServerJob : std::uint8_t { kNone, kConnectQuery, kCheck, kParameters, kReset };

struct ServerConnection : pool::ServerNode {
    int fd = -1;
    std::uint32_t armed = 0;
    std::uint32_t epoch = 0;
    std::int32_t process_id = 0;
    std::int32_t secret_key = 0;
    int cancels = 0;  // cancel requests for it under way
    ServerState state = ServerState::kConnecting;
    ServerJob job = ServerJob::kNone;
    bool job_failed = false;
    bool used = false;  // has served a client: with server_lifetime 0 it is not used again
    SharedPool* pool = nullptr;
    ClientConnection* client = nullptr;
    session::ServerRelay relay;
    session::TransactionTracker tracker;
    session::Parameters parameters;
    std::unique_ptr<session::ServerLogin> login;
    std::unique_ptr<std::string> in;   // borrowed: part of a message
    std::unique_ptr<std::string> out;  // borrowed: bytes the socket would not take
    std::string job_error;
    net::Address address;
    TimePoint connected_at;  // or when the connect began
    TimePoint linked_at;
    TimePoint query_start;  // TimePoint{} = no query runs
    TimePoint xact_start;
    TimePoint ready_at;  // of the last ReadyForQuery, for idle_transaction_timeout
    std::uint64_t id = 0;
    std::size_t place = 0;  // in the worker's table
};

}  // namespace cenote::worker
