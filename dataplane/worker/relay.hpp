// The query path: a client's bytes to its server, a server's to its client. Nothing here allocates once warm, logs, locks or walks a list.
//
//   client -> server   on_client: bytes are cut by session::ClientRelay; the first of a request asks Lending for a server; what may go is
//   sent server -> client   on_server: bytes are cut by session::ServerRelay; whole messages go out, ReadyForQuery decides whether the
//   server leaves
// A side whose counterpart does not take its bytes is paused until on_sent. Where a server must not be written to yet (it runs a query of
// ours, or a cancel request for the last query is under way), the client's bytes are kept and go_on takes them up.
#pragma once

#include "dataplane/worker/context.hpp"
#include "dataplane/worker/server.hpp"

#include <string_view>

namespace cenote::worker {

class Clients;
class Servers;
class Lending;

class Relay {
public:
    Relay(Context& context, Clients& clients, Servers& servers, Lending& lending)
        : context_(context), clients_(clients), servers_(servers), lending_(lending) {}

    void on_client(Client& client, std::string_view fresh);
    /// A linked server's bytes.
    void on_server(Server& server, std::string_view fresh);
    /// All that was sent to this side has gone: the other side may go on.
    void on_sent(Client& client);
    void on_sent(Server& server);
    /// The client has a server that is ready for it: what it sent meanwhile goes on.
    void go_on(Client& client);

private:
    void process(Client& client, std::string_view bytes);
    void to_server(Client& client, std::string_view bytes);
    void to_client(Server& server, std::string_view bytes);
    [[nodiscard]] bool on_ready_for_query(Server& server, std::string_view before);
    void note_parameter(Server& server, std::string_view name, std::string_view value);
    void note_request(Client& client, char type);
    void note_ready(Server& server);
    void release_if_done(Server& server);

    Context& context_;
    Clients& clients_;
    Servers& servers_;
    Lending& lending_;
};

}  // namespace cenote::worker
