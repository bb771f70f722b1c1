// One worker: a thread, its loop, the clients it was given and the servers that are on it now. Clients stay; servers move between workers
// through the pools' ledgers. It serves queries only: who comes here is logged in, and what comes here is ready (gate/).
//
// Its parts, each with members of its own: Relay the query path · Lending who gets which server · Jobs queries of ours · Clients and
// Servers the two tables · Keeper the pools kept here · Upkeep what time brings. What happens in an event is done at once, save that a
// client that may go on is put on the ready list and goes on behind it: so no part is ever entered twice.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/worker/clients.hpp"
#include "dataplane/worker/context.hpp"
#include "dataplane/worker/jobs.hpp"
#include "dataplane/worker/keeper.hpp"
#include "dataplane/worker/lending.hpp"
#include "dataplane/worker/relay.hpp"
#include "dataplane/worker/servers.hpp"
#include "dataplane/worker/upkeep.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace cenote::worker {

class Worker {
public:
    /// crew: of all workers; this one enters itself. Complete it before the first start().
    Worker(pool::WorkerId id, registry::Process& process, Crew& crew, registry::RuntimeRef runtime, io::Engine engine);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// Ends the thread. Any thread but the worker's own. Its connections stay until it is destroyed, and no worker may be while another
    /// runs: the pools' ledgers name connections of all.
    void stop();

    // Any thread:
    void set_runtime(registry::RuntimeRef runtime);
    /// Servers of an earlier epoch go, the idle ones now.
    void review();
    /// Clients get 57P01 when their transaction ends; the closes are paced.
    void drain();
    void match_waiters(registry::PoolRef pool);
    void look_after(registry::PoolRef pool);
    void evict_idle(registry::PoolRef pool);
    /// True, on the worker's thread, if the client was here.
    void kill_client(std::uint64_t client_id, std::function<void(bool)> done);
    void kill_clients(registry::PoolRef pool, std::function<void()> done);
    /// Appends rows of its connections to `snapshot`, which nobody else touches until `done` is called on the worker's thread.
    void collect_rows(admin::Snapshot& snapshot, bool clients, bool servers, std::function<void()> done);
    [[nodiscard]] io::Engine engine() const noexcept { return context_.loop.engine(); }

    /// One round without a thread: events that are there, letters, what is due. For tests, which order the rounds of several workers.
    void poll(TimePoint now);

private:
    void turn(TimePoint now);
    void run();
    void adopt(registry::ClientSeed seed);
    void adopt(registry::ServerSeed seed);
    void find_cancel(std::uint32_t slot, std::int32_t secret, const std::function<void(std::optional<registry::CancelOrder>)>& found);
    void end_cancel(Server& server, registry::CancelOrder::Outcome outcome);
    void on_event(const io::Event& event);
    void on_client_event(Client& client, const io::Event& event);
    void on_server_event(Server& server, const io::Event& event);
    void on_server_bytes(Server& server, std::string_view bytes);
    void read_letters();
    void go_on_with_ready();
    void go_on(Client& client);
    void do_what_is_due();
    void collect_slice(
        std::size_t client, std::size_t server, admin::Snapshot& snapshot, bool clients, bool servers, const std::function<void()>& done
    );

    Context context_;
    Clients clients_;
    Servers servers_;
    Lending lending_;
    Jobs jobs_;
    Relay relay_;
    Keeper keeper_;
    Upkeep upkeep_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
};

}  // namespace cenote::worker
