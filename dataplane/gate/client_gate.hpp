// Where clients come in: accepts them, sees to it that those who do not prove who they are can neither stay nor fill the house, and brings
// the others to a worker or to the console. Owns them until then. Gate thread, save where it says.
#pragma once

#include "dataplane/gate/context.hpp"
#include "dataplane/gate/listeners.hpp"
#include "dataplane/gate/login_connection.hpp"
#include "dataplane/gate/waiting_room.hpp"

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

namespace cenote::gate {

class Canceller;
class Console;

class ClientGate {
public:
    ClientGate(Context& context, Canceller& cancel, Console& console_clients);

    void on_accepted(net::Fd fd, const net::Address& peer, bool is_unix);
    /// No descriptor is left: those that have had a second and still have not logged in make room.
    void on_exhausted();

    /// The pool's first server, or first since its settings changed, has come: who waits for it goes on.
    void serve(const registry::PoolRef& pool, const std::shared_ptr<const registry::Welcome>& welcome);
    /// Nobody will be served: its server has refused, or its database is gone.
    void refuse(const registry::PoolRef& pool, const Error& error);
    /// Who waits is told that the process ends; who is about to log in will be, at its StartupMessage.
    void drain();
    void close_all();
    /// Closes a client that waits here.
    [[nodiscard]] bool kill(std::uint64_t id);
    /// Of those that wait for their pool's first server.
    void collect_rows(std::vector<admin::ClientRow>& rows) const;

    /// Any thread: clients that have not been told that they may ask.
    [[nodiscard]] int login_count() const noexcept { return logins_.load(std::memory_order_relaxed); }

    // For the LoginConnections:
    void leave_list(LoginConnection& client);
    void forget(LoginConnection& client);

    Listeners listeners;
    WaitingRoom waiting;
    Canceller& canceller;
    Console& console;

private:
    void make_room();
    void arm_timeout();
    void on_timeout();

    Context& context_;
    std::unordered_map<const LoginConnection*, std::shared_ptr<LoginConnection>> held_;
    pool::IntrusiveList<LoginConnection, &LoginConnection::by_age> unproven_;
    Deadlines::Key timeout_;
    TimePoint overrun_told_;
    std::atomic<int> logins_{0};
};

}  // namespace cenote::gate
