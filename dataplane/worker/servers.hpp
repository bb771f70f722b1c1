// The servers that are on one worker now: their table, how they come, what they say unasked, and how they end. A server that is let go is
// told so, and its place in the limits is kept until PostgreSQL has closed the connection: only then has it one fewer.
#pragma once

#include "dataplane/registry/seeds.hpp"
#include "dataplane/worker/context.hpp"
#include "dataplane/worker/server.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace cenote::worker {

class Clients;

class Servers {
public:
    Servers(Context& context, Clients& clients) : context_(context), clients_(clients) {}
    ~Servers();
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;

    /// Null: the kernel refused its socket, and it is gone.
    [[nodiscard]] Server* adopt(registry::ServerSeed seed);
    /// From another worker. False: the kernel refused its socket; it is to be closed.
    [[nodiscard]] bool take_in(Server& server);
    /// Off this worker's table; its stream has left the loop, or is about to.
    void let_out(Server& server);

    /// What an idle server may say: a changed setting, a notice. False: it is not to be used again, the caller closes it.
    [[nodiscard]] bool on_unasked(Server& server, std::string_view fresh);
    /// Bytes of one that is ending: thrown away, within reason.
    void discard(Server& server, std::size_t bytes);

    /// The server of a client (or of nobody) is gone or not to be trusted: the client is told, or gets another if nothing of its own had
    /// reached this one.
    void lost(Server& server, std::string_view reason);
    /// REQUIRES: no client.
    void close(Server& server, std::string_view reason);
    /// PostgreSQL has let go of it, or took too long.
    void finish(Server& server);

    /// A cancel request for it is under way, or is through.
    void cancel_begins(Server& server);
    /// True: it was held for that request and is free to go on.
    [[nodiscard]] bool cancel_ends(Server& server, registry::CancelOrder::Outcome outcome);

    [[nodiscard]] const std::vector<Server*>& table() const { return all_; }
    /// Frees what is gone. Between events, when nobody holds a reference.
    void bury() { dead_.clear(); }

private:
    void enlist(Server& server);

    Context& context_;
    Clients& clients_;
    std::vector<Server*> all_;
    std::vector<std::unique_ptr<Server>> dead_;
};

/// "S-0x1: database/user@host:port", as in PgBouncer's log.
[[nodiscard]] std::string describe(const Server& server);
/// A ParameterStatus that is tracked: the server's set with it, or the set it had.
[[nodiscard]] session::Parameters with_reported(
    const registry::Runtime& runtime, const session::Parameters& set, std::string_view name, std::string_view value
);

}  // namespace cenote::worker
