// One client. Owned by its worker, touched by its worker's thread only (its Waiter part also under the pool's lock). Idle, it is this
// object and a socket: no buffer, no timer, no coroutine.
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/auth/client_authenticator.hpp"
#include "dataplane/base/clock.hpp"
#include "dataplane/net/socket.hpp"
#include "dataplane/pool/ledger.hpp"
#include "dataplane/session/client_relay.hpp"
#include "dataplane/session/client_startup.hpp"
#include "dataplane/session/parameters.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace cenote::worker {

class SharedPool;
struct ServerConnection;

//   kStartup  reads StartupMessage and what may come before it
//   kAuth     proves who it is
//   kWelcome  waits for a first server, whose parameters it is told
//   kIdle     between transactions
//   kWaiting  asked for a server and has none yet
//   kActive   linked
//   kAdmin    talks to the console
//   kClosed   gone; kept only until a server that is on its way to it has come
enum class ClientState : std::uint8_t { kStartup, kAuth, kWelcome, kIdle, kWaiting, kActive, kAdmin, kClosed };

/// Needed until the login is done, then freed.
struct ClientLogin {
    session::ClientIdentity identity;
    std::unique_ptr<auth::ClientAuthenticator> authenticator;
    std::string final_payload;  // AuthenticationSASLFinal, to go out with AuthenticationOk
    bool ssl_asked = false;
    bool gss_asked = false;
    bool is_admin = false;
    bool needs_no_password = false;  // the console's own user over the unix socket
};

struct ClientConnection : pool::Waiter {
    int fd = -1;
    std::uint32_t slot = 0;   // in the worker's table; part of the cancel key
    std::int32_t secret = 0;  // the other part
    std::uint32_t armed = 0;  // epoll events asked for
    ClientState state = ClientState::kStartup;
    bool counts_in_limits = false;
    bool expects = false;            // in the ledger's queue, or a server or an answer is on its way to it
    bool waits_for_welcome = false;  // read under the pool's lock while it is queued
    bool admin_busy = false;         // a console command runs
    admin::Access admin_access = admin::Access::kStats;
    session::ClientRelay relay;
    SharedPool* pool = nullptr;
    ServerConnection* server = nullptr;
    session::Parameters parameters;
    std::unique_ptr<ClientLogin> login;
    std::unique_ptr<std::string> in;   // borrowed: bytes that wait for a server, or part of a message
    std::unique_ptr<std::string> out;  // borrowed: bytes the socket would not take
    TimePoint connected_at;
    TimePoint request_at;
    std::uint64_t id = 0;
    ClientConnection* previous_login = nullptr;  // list of those that log in, oldest first
    ClientConnection* next_login = nullptr;
    std::unique_ptr<std::string> user;  // as it logged in, where a database forces another
};

}  // namespace cenote::worker
