// Queries of ours that a server runs before a client has it or after one had it: the check of a server that was idle for long, the SET of a
// client's parameters, the reset. The client never sees them.
#pragma once

#include "dataplane/worker/context.hpp"
#include "dataplane/worker/server.hpp"

#include <string>
#include <string_view>

namespace cenote::worker {

class Clients;
class Servers;
class Lending;

class Jobs {
public:
    Jobs(Context& context, Clients& clients, Servers& servers, Lending& lending)
        : context_(context), clients_(clients), servers_(servers), lending_(lending) {}

    void start(Server& server, Job job, const std::string& sql);
    /// Bytes of a server that runs one.
    void on_bytes(Server& server, std::string_view fresh);

private:
    void note_parameter(Server& server, std::string_view body);
    void finish(Server& server);
    void finish_for(Server& server, Client& client, Job job);
    void forget_unreported(Server& server);

    Context& context_;
    Clients& clients_;
    Servers& servers_;
    Lending& lending_;
};

}  // namespace cenote::worker
