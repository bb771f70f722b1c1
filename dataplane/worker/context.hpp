// What the parts of one worker share: who it is, its loop and its agenda, the time of this turn, and the clients that may go on. Owned by
// the worker, touched by its thread only, save post().
#pragma once

#include "dataplane/io/loop.hpp"
#include "dataplane/pool/agenda.hpp"
#include "dataplane/registry/process.hpp"
#include "dataplane/registry/runtime.hpp"
#include "dataplane/worker/client.hpp"
#include "dataplane/worker/mailbox.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace cenote::worker {

class Context;
class Lending;
/// Every worker of the process, by number; the same for all, complete before the first one starts.
using Crew = std::vector<Context*>;

/// What an agenda item is part of.
enum class Due : std::uint8_t { kServer, kPool, kClosings, kDrain };

class Context {
public:
    Context(pool::WorkerId worker, registry::Process& shared_process, const Crew& all, registry::RuntimeRef first, io::Engine engine);

    /// Any thread: deliver this letter soon.
    void post(Letter& letter) {
        if (mailbox.post(letter)) {
            loop.wake();
        }
    }
    /// Any thread: run this soon on the worker's thread.
    void post(std::function<void()> task);

    /// The client has a server, or lost one before it could use it: the worker goes on with it after the event at hand.
    void make_ready(Client& client) {
        if (!client.ready) {
            client.ready = true;
            ready.push_back(&client);
        }
    }

    [[nodiscard]] const config::Config& config() const { return *runtime->config; }
    [[nodiscard]] registry::SharedPool::PerWorker& own(registry::SharedPool& pool) const { return pool.at(id); }
    [[nodiscard]] const registry::PoolSettings& settings(registry::SharedPool& pool) const { return *pool.at(id).settings; }
    [[nodiscard]] pool::PoolStats& stats(registry::SharedPool& pool) const { return pool.at(id).stats; }

    const pool::WorkerId id;
    registry::Process& process;
    const Crew& crew;
    io::Loop loop;
    TimePoint now;
    pool::Agenda agenda;
    registry::RuntimeRef runtime;
    bool draining = false;
    std::vector<Client*> ready;
    Lending* lending = nullptr;  // this worker's; other workers' tasks reach it here
    Mailbox mailbox;
};

}  // namespace cenote::worker
