// Who gets which server: asks the pool's ledger for a client, links the two, takes the server back, and carries it to the worker whose
// client waits longest. One worker's part of it; the ledger, under the pool's lock, is what all workers agree by.
//
//   acquire, idle here           -> linked at once
//   acquire, idle elsewhere      -> that worker is asked to bring it: kBring to it, kTakeOver back
//   acquire, none                -> queued; the pool grows if it may
//   give_back, nobody waits      -> idle
//   give_back, a client here     -> linked, the client is made ready
//   give_back, a client elsewhere-> off this loop, kTakeOver to its worker
#pragma once

#include "dataplane/base/error.hpp"
#include "dataplane/worker/context.hpp"
#include "dataplane/worker/server.hpp"

namespace cenote::worker {

class Clients;
class Servers;
class Jobs;

class Lending {
public:
    Lending(Context& context, Clients& clients, Servers& servers, Jobs& jobs)
        : context_(context), clients_(clients), servers_(servers), jobs_(jobs) {}

    /// True: linked, and the server is ready for the client's bytes. False: the client waits, what it sent is to be kept.
    [[nodiscard]] bool acquire(Client& client);
    /// Goes on after a query of ours on a server that has a client. True: as acquire.
    [[nodiscard]] bool serve(Client& client, Server& server);
    /// The client is between transactions: its server goes, after a reset where the pool wants one.
    void release(Server& server);
    /// REQUIRES: proven clean, no client.
    void give_back(Server& server);
    /// As give_back, without a reset before. So a new server comes to whoever waits, or is idle.
    void put_back(Server& server);

    void on_letter(ServerLetter& letter);
    /// Event::kLeft: a server that is on its way to another worker is off this loop.
    void on_left(Server& server);

    enum class Why : std::uint8_t { kRetry, kRefused };
    /// To a client of any worker that is no longer queued: what comes is not a server.
    void send_unserved(Client& client, Why why, Error error);
    /// The same, on the client's own worker.
    void unserved(Client& client, Why why, const Error& error);
    /// After a pause: idle servers to those who wait.
    void match_waiters(registry::SharedPool& pool);

private:
    [[nodiscard]] bool link(Client& client, Server& server);
    void hold(Server& server);
    void hand_over(Server& server, Client& client);
    void bring(Server& server, Client& client);
    void take_over(Server& server, Client& client);
    void take_idle_for(Server& server, Client& client);
    void link_or_forget(Server& server, Client& client);

    Context& context_;
    Clients& clients_;
    Servers& servers_;
    Jobs& jobs_;
};

}  // namespace cenote::worker
