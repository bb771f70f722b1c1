// The clients of one worker: their table, how they come and how they end. A client that is told goodbye is not cut off: what it is still to
// read goes out, then its end is waited for, so that neither the tail of a result nor the reason is lost.
#pragma once

#include "dataplane/registry/seeds.hpp"
#include "dataplane/worker/context.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace cenote::worker {

class Lending;
class Servers;
struct Server;

class Clients {
public:
    Clients(Context& context, Lending& lending, Servers& servers) : context_(context), lending_(lending), servers_(servers) {}
    ~Clients();
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    /// Null: the kernel refused its socket, and it is gone.
    [[nodiscard]] Client* adopt(registry::ClientSeed seed);
    /// Its stream's end: the peer has gone.
    void on_end(Client& client);
    /// Says why (FATAL) and lets it go.
    void disconnect(Client& client, std::string_view sqlstate, std::string_view text);
    /// Lets it go without a word: it has gone itself, or is in the middle of a message that cannot be ended.
    void close(Client& client, std::string_view reason);
    /// A server that was on its way to a client that has gone, or an answer in its stead, has come.
    void forget(Client& client);

    [[nodiscard]] Client* find(std::uint32_t slot) const { return slot < by_slot_.size() ? by_slot_[slot] : nullptr; }
    [[nodiscard]] Client* find_id(std::uint64_t id) const;
    /// By slot; null where none is.
    [[nodiscard]] const std::vector<Client*>& table() const { return by_slot_; }

    /// Ends the goodbyes that take too long.
    void on_due();
    /// Frees what is gone. Between events, when nobody holds a reference.
    void bury() { dead_.clear(); }

private:
    struct Closing {
        std::uint32_t slot = 0;
        std::uint64_t id = 0;
        TimePoint since;       // it read something, or was told goodbye
        std::size_t left = 0;  // bytes it had still to be sent then
    };

    void log_close(const Client& client, std::string_view reason) const;
    void leave(Client& client);
    void let_go(const Client& client, Server& server);
    void finish(Client& client);
    void settle(Client& client);
    void watch_closings();
    [[nodiscard]] std::size_t unread(const Client& client) const;

    Context& context_;
    Lending& lending_;
    Servers& servers_;
    std::vector<Client*> by_slot_;
    std::vector<Closing> closings_;
    pool::Agenda::Item closings_item_;
    std::vector<std::unique_ptr<Client>> dead_;
};

/// "C-0x1: database/user@host:port", as in PgBouncer's log.
[[nodiscard]] std::string describe(const Client& client);

}  // namespace cenote::worker
