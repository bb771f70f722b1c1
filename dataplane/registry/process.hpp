// What the gate, the workers and the control thread share. Owned by the application, outlives all of them.
#pragma once

#include "dataplane/pool/limit_counter.hpp"
#include "dataplane/registry/key_slots.hpp"
#include "dataplane/registry/pool_registry.hpp"
#include "dataplane/registry/seeds.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cenote::registry {

/// Words passed to other threads. Set before any thread starts; callable on any thread; none blocks. Never on a query's path.
struct Ports {
    std::function<void(DialOrder)> dial;                 // the gate: open this connection
    std::function<void(CancelOrder)> cancel;             // the gate: send this cancel request
    std::function<void(PoolRef)> look_after;             // the pool's keeper: something changed, see what it needs
    std::function<void(PoolRef, pool::WorkerId)> evict;  // that worker: close the server of this pool that has been idle longest there
    std::function<void(std::uint64_t id)>
        admin_cancel;  // the control thread: a console client's cancel key was used while its command runs
    std::function<void(std::uint64_t id, bool admin, std::string sql)> admin_query;  // the control thread: a console command
};

/// A worker as the gate sees it.
struct WorkerPort {
    std::function<void(ClientSeed)> adopt_client;
    std::function<void(ServerSeed)> adopt_server;
    /// `found` is called on the worker's thread: an order with its `done` set, or nothing if nothing runs that could be cancelled.
    std::function<void(std::uint32_t slot, std::int32_t secret, std::function<void(std::optional<CancelOrder>)> found)> find_cancel;
    /// The clients of this pool that wait are told this and leave: the server has refused its login.
    std::function<void(PoolRef, Error)> refuse_waiting;
    KeySlots slots;
    std::atomic<int> clients{0};  // given to it and not gone: the gate adds, the worker takes away
};

struct Process {
    explicit Process(std::size_t worker_count) : workers(worker_count), registry(ports, worker_count) {}

    Ports ports;
    std::vector<WorkerPort> workers;
    PoolRegistry registry;
    pool::LimitCounter clients;              // max_client_conn
    std::atomic<bool> shutting_down{false};  // no new logins, save to the console
    std::atomic<std::uint64_t> next_id{1};   // one counter: +1 for each accepted client and each opened server
    std::string io_engine;                   // epoll or io_uring: what the workers wait with
    std::string version;                     // SHOW VERSION
    std::string version_number;              // of the console's server_version
};

}  // namespace cenote::registry
