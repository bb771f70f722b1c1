// What time brings to the servers of one worker and to the clients they serve, and the pace of a drain.
#pragma once

#include "dataplane/worker/context.hpp"
#include "dataplane/worker/server.hpp"

namespace cenote::worker {

class Clients;
class Servers;

class Upkeep {
public:
    Upkeep(Context& context, Clients& clients, Servers& servers) : context_(context), clients_(clients), servers_(servers) {}

    /// A server's timer has fired: what is over ends, and the timer is set to what is next.
    void on_due(Server& server);
    /// New settings, or RECONNECT: servers that no longer fit go as soon as they are nobody's. Walks this worker's servers.
    void review();
    /// Clients leave when their transaction ends; the closes are paced.
    void drain();
    void on_drain_due();

private:
    void review_idle(Server& server);
    void review_active(Server& server);
    [[nodiscard]] bool leaves_idle(const Client& client) const;

    Context& context_;
    Clients& clients_;
    Servers& servers_;
    pool::Agenda::Item drain_item_;
    std::size_t drain_at_ = 0;
    TimePoint last_limit_close_;
};

}  // namespace cenote::worker
