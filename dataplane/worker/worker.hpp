// One worker: a thread, its event loop, the clients it was given and the servers that are on it now. Clients stay; servers move between
// workers through the pools' ledgers. Every private member belongs to the worker's thread. Public functions say when another thread may
// call.
//
// Its files, by what they do: worker.cpp the loop · worker_login.cpp from accept to ReadyForQuery · worker_console.cpp · worker_ends.cpp ·
// worker_relay.cpp the query path · worker_lending.cpp who gets which server · worker_servers.cpp a server's life beside a client ·
// worker_connect.cpp opening one · worker_cancel.cpp · worker_upkeep.cpp what time brings · worker_rows.cpp what the console shows.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/protocol/startup_messages.hpp"
#include "dataplane/io/buffer_shelf.hpp"
#include "dataplane/worker/client_connection.hpp"
#include "dataplane/worker/event_loop.hpp"
#include "dataplane/worker/pool_registry.hpp"
#include "dataplane/worker/runtime.hpp"
#include "dataplane/worker/server_connection.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cenote::worker {

class Worker;

/// The console's database name.
inline constexpr std::string_view kConsoleDatabase = "pgbouncer";

/// Names a client from outside its worker; stale names are harmless.
struct ClientRef {
    pool::WorkerId worker = 0;
    std::uint32_t slot = 0;
    std::uint64_t id = 0;
};

/// What all workers share. Owned by the application, outlives the workers.
struct Process {
    explicit Process(std::size_t worker_count) : registry(worker_count) {}

    PoolRegistry registry;
    pool::LimitCounter clients;              // max_client_conn
    std::atomic<bool> shutting_down{false};  // no new logins, save to the console
    std::atomic<std::uint64_t> next_id{1};
    std::vector<std::unique_ptr<Worker>> workers;

    using Addresses = std::function<void(Result<std::vector<net::Address>>)>;
    /// Any thread; the answer comes on some other thread.
    std::function<void(const std::string& host, int port, Addresses)> resolve;
    /// A console command; the answer is given with Worker::admin_reply.
    std::function<void(ClientRef, admin::Access, std::string sql)> admin_query;
    /// A console client gave up (cancel request) while its command runs.
    std::function<void(ClientRef)> admin_cancel;
    std::string version;         // SHOW VERSION
    std::string version_number;  // of the console's server_version
};

class Worker {
public:
    Worker(pool::WorkerId id, Process& process, std::shared_ptr<const Runtime> runtime);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// Ends the thread. Any thread but the worker's own. Its connections stay until it is destroyed, and no worker may be while another
    /// runs: the pools' ledgers name connections of all.
    void stop();

    // Any thread:
    void post(EventLoop::Task task) { loop_.post(std::move(task)); }
    void adopt_client(int fd);
    void set_runtime(std::shared_ptr<const Runtime> runtime);
    void request_cancel(std::uint32_t slot, std::int32_t secret);
    void admin_reply(ClientRef client, std::string bytes);
    /// Clients get 57P01 when their transaction ends; the closes are paced.
    void drain();
    [[nodiscard]] int client_count() const noexcept { return client_count_.load(std::memory_order_relaxed); }
    [[nodiscard]] int login_count() const noexcept { return login_count_.load(std::memory_order_relaxed); }
    [[nodiscard]] int admin_count() const noexcept { return admin_count_.load(std::memory_order_relaxed); }

    // The worker's thread (through post):
    void collect_rows(admin::Snapshot& snapshot, bool clients, bool servers) const;
    [[nodiscard]] bool kill_client(std::uint64_t client_id);
    void kill_pool(SharedPool& pool);
    void close_idle_servers(SharedPool& pool);
    void open_connections(SharedPool& pool);
    void evict_idle(SharedPool& pool);
    /// After a pause: gives idle servers to those who wait.
    void serve_waiters(SharedPool& pool);

private:
    enum class Sent : std::uint8_t { kAll, kBlocked, kBroken };
    enum class Why : std::uint8_t { kRetry, kTimedOut, kFailed };

    // worker.cpp
    void run();
    void dispatch(const EventLoop::Event& event);
    void bury();
    [[nodiscard]] Sent send_bytes(int fd, std::unique_ptr<std::string>& out, std::string_view bytes);
    [[nodiscard]] Sent flush(int fd, std::unique_ptr<std::string>& out);
    void arm_client(ClientConnection& client, std::uint32_t events);
    void arm_server(ServerConnection& server, std::uint32_t events);
    /// Bytes kept from before and what the socket has now, as one view into read_buffer_; size 0 and `lost` on end or error.
    struct Read {
        std::string_view bytes;
        std::size_t fresh = 0;
        bool lost = false;
    };
    [[nodiscard]] Read read_some(int fd, std::unique_ptr<std::string>& kept);
    void keep(std::unique_ptr<std::string>& kept, std::string_view bytes);

    // worker_login.cpp
    void on_accepted(int fd);
    void read_login(ClientConnection& client);
    bool on_startup_packet(ClientConnection& client, const protocol::StartupPacket& packet, bool bytes_follow);
    void begin_login(ClientConnection& client, const protocol::StartupMessage& message);
    void begin_authentication(ClientConnection& client);
    void on_auth_step(ClientConnection& client, const auth::Step& step);
    void authenticated(ClientConnection& client);
    void finish_login(ClientConnection& client);
    void write_authentication_ok(const ClientConnection& client, protocol::MessageWriter& out) const;
    void write_key_and_ready(const ClientConnection& client, protocol::MessageWriter& out) const;
    void leave_login_list(ClientConnection& client);

    // worker_console.cpp
    [[nodiscard]] bool admit_console(ClientConnection& client, const session::ClientIdentity& identity);
    void welcome_console(ClientConnection& client);
    void read_admin(ClientConnection& client, std::uint32_t events);
    void process_admin(ClientConnection& client, std::string_view bytes);

    // worker_relay.cpp: the query path
    void on_client(ClientConnection& client, std::uint32_t events);
    void on_server(ServerConnection& server, std::uint32_t events);
    void read_client(ClientConnection& client);
    void process_client(ClientConnection& client, std::string_view bytes);
    [[nodiscard]] bool forward_to_server(ClientConnection& client, std::string_view bytes);
    [[nodiscard]] bool forward_to_client(ServerConnection& server, std::string_view bytes);
    void read_server(ServerConnection& server);
    void note_request(ClientConnection& client, char type);
    void note_ready(ServerConnection& server);

    // worker_lending.cpp
    [[nodiscard]] bool acquire(ClientConnection& client);
    [[nodiscard]] bool link(ClientConnection& client, ServerConnection& server);
    void resume(ClientConnection& client);
    void welcome(ClientConnection& client);
    void serve(ClientConnection& client, ServerConnection& server);
    [[nodiscard]] bool release_if_done(ServerConnection& server);
    void unlink_and_release(ServerConnection& server);
    void put_back(ServerConnection& server);
    void hand_over(ServerConnection& server, ClientConnection& client);
    void bring(ServerConnection& server, ClientConnection& client);
    void take_over(ServerConnection& server, ClientConnection& client);
    void take_idle_for(ServerConnection& server, ClientConnection& client);
    void unserved(ClientConnection& client, Why why, const Error& error);
    void send_unserved(ClientConnection& client, Why why, Error error);

    // worker_servers.cpp
    void start_job(ServerConnection& server, ServerJob job, const std::string& sql);
    void read_job(ServerConnection& server);
    void finish_job(ServerConnection& server);
    void forget_unreported(ServerConnection& server);
    void read_idle(ServerConnection& server);
    [[nodiscard]] bool on_unasked(ServerConnection& server, std::string_view bytes);
    void server_lost(ServerConnection& server, std::string_view reason);
    void close_server(ServerConnection& server, std::string_view reason);
    void detach(ServerConnection& server);

    // worker_connect.cpp
    void connect_server(SharedPool& pool);
    void connect_to(SharedPool& pool, const net::Address& address, std::uint32_t epoch);
    void on_connecting(ServerConnection& server);
    void read_server_login(ServerConnection& server);
    void server_ready(ServerConnection& server);
    void connect_failed(SharedPool& pool, const Error& error);
    void give_back_places(SharedPool& pool);

    // worker_cancel.cpp
    struct CancelConnection {
        int fd = -1;
        ServerConnection* server = nullptr;
        TimePoint started;
    };
    void route_cancel(const protocol::CancelRequest& request);
    void on_cancel_request(std::uint32_t slot, std::int32_t secret);
    void on_cancel_event(CancelConnection& cancel, std::uint32_t events);
    void end_cancel(CancelConnection& cancel);

    // worker_upkeep.cpp
    void tick();
    void tick_logins();
    void tick_servers();
    [[nodiscard]] bool tick_pool(SharedPool& pool);
    void wake_keeper(SharedPool& pool);
    void tick_drain();

    // worker_ends.cpp
    void disconnect(ClientConnection& client, std::string_view sqlstate, std::string_view text);
    void close_client(ClientConnection& client, std::string_view reason);
    void forget_client(ClientConnection& client);
    [[nodiscard]] std::string describe(const ClientConnection& client) const;
    [[nodiscard]] std::string describe(const ServerConnection& server) const;

    [[nodiscard]] const config::Config& config() const { return *runtime_->config; }
    [[nodiscard]] pool::PoolStats& stats_of(SharedPool& pool) const { return pool.stats[id_]; }

    const pool::WorkerId id_;
    Process& process_;
    std::shared_ptr<const Runtime> runtime_;
    EventLoop loop_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> dozing_{true};  // no tick is due: who starts to wait in a pool kept here wakes it
    std::atomic<int> client_count_{0};
    std::atomic<int> login_count_{0};
    std::atomic<int> admin_count_{0};

    TimePoint now_;
    TimePoint next_tick_ = TimePoint::max();
    bool draining_ = false;
    io::BufferShelf shelf_;
    std::vector<char> read_buffer_;
    std::vector<ClientConnection*> clients_;  // by slot; null = free
    std::vector<std::uint32_t> free_slots_;
    std::vector<ServerConnection*> servers_;  // by place
    std::vector<std::unique_ptr<CancelConnection>> cancels_;
    ClientConnection* first_login_ = nullptr;
    ClientConnection* last_login_ = nullptr;
    std::vector<std::unique_ptr<ClientConnection>> dead_clients_;  // freed when the batch of events is through
    std::vector<std::unique_ptr<ServerConnection>> dead_servers_;
    std::vector<std::unique_ptr<CancelConnection>> dead_cancels_;
};

}  // namespace cenote::worker
