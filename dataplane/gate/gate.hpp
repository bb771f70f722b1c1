// The gate: everything before a client may ask and before a server can be asked, on one thread of its own, so that no login, name, hash or
// silent socket costs a running query anything. Workers get finished clients (ClientSeed) and finished servers (ServerSeed) from it.
//
//   listeners -> ClientGate -> LoginConnection(ClientLogin) -> WaitingRoom -> ClientSeed -> the worker with the fewest clients
//                                    | -> Console                  ^
//                                    | -> Canceller                | serve, refuse
//   DialOrder -> Dialer -> Dial(AddressPlan, ServerLogin) ---------+-> ServerSeed -> the worker whose client waits longest
//   CancelOrder -> Canceller
//
// Owned by the application. Its thread ends before the workers' do (stop()), and it is destroyed after them: what they post late finds a
// loop that runs no more. Nothing may answer the resolver port after that.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/base/result.hpp"
#include "dataplane/gate/canceller.hpp"
#include "dataplane/gate/client_gate.hpp"
#include "dataplane/gate/console.hpp"
#include "dataplane/gate/context.hpp"
#include "dataplane/gate/dialer.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace cenote::gate {

class Gate {
public:
    Gate(registry::Process& process, registry::RuntimeRef runtime, ResolvePort resolve, Options options = {});
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// Opens the listening sockets: before the process gives up its rights, and before start().
    [[nodiscard]] Result<void> open(const config::Config& config);
    void start();
    /// Ends the thread: every order is answered, every place given back, every client that is still here is closed.
    void stop();

    // Any thread, at any time. What comes after stop() is answered as not done.
    void set_runtime(registry::RuntimeRef runtime);
    void dial(registry::DialOrder order);
    void cancel(registry::CancelOrder order);
    void console_reply(std::uint64_t id, std::string bytes);
    void close_tcp_listeners();
    /// Clients that wait for a first server are told that the process ends; set Process::shutting_down before.
    void drain();
    /// Clients of this pool that wait here are told this and leave (KILL).
    void refuse_waiting(registry::PoolRef pool, Error error);
    /// Of a client that waits here or talks to the console. `done` is called on the gate's thread: whether there was one.
    void kill_client(std::uint64_t id, std::function<void(bool)> done);
    /// For SHOW CLIENTS: the console's clients, and those that wait for their pool's first server. `take` is called on the gate's thread.
    void collect_rows(std::function<void(std::vector<admin::ClientRow>)> take);

    [[nodiscard]] int login_count() const noexcept { return clients_.login_count(); }
    [[nodiscard]] int console_count() const noexcept { return console_.count(); }
    /// Before start(), or once no thread runs it: for tests, which are its thread then.
    [[nodiscard]] Context& context() noexcept { return context_; }
    [[nodiscard]] ClientGate& clients() noexcept { return clients_; }
    [[nodiscard]] Dialer& dialer() noexcept { return dialer_; }
    [[nodiscard]] Canceller& canceller() noexcept { return canceller_; }

private:
    void close_down();

    Context context_;
    Console console_;
    Canceller canceller_;
    ClientGate clients_;
    Dialer dialer_;
    net::asio::executor_work_guard<net::asio::io_context::executor_type> work_;
    std::thread thread_;
    std::atomic<bool> stopped_{false};
};

}  // namespace cenote::gate
