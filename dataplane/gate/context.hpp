// What the gate's parts share: the loop, the time, the configuration, the helpers. Owned by the Gate; its thread's alone, save `io` (post)
// and `derivations`.
#pragma once

#include "dataplane/gate/deadlines.hpp"
#include "dataplane/gate/derivations.hpp"
#include "dataplane/net/asio.hpp"
#include "dataplane/net/resolver.hpp"
#include "dataplane/registry/process.hpp"
#include "dataplane/registry/runtime.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace cenote::gate {

/// net::Resolver::resolve with a limit for this look-up. Any thread may answer, once.
using ResolvePort = std::function<void(
    std::string host, int port, std::chrono::microseconds ttl, std::chrono::microseconds bad_ttl, std::chrono::microseconds limit,
    net::Resolver::Answer answer
)>;

struct Options {
    /// Sockets that have not proven who they are; the oldest is closed for the next. 0: as many as max_client_conn, but 1024 at least.
    std::size_t max_unauthenticated = 0;
    std::size_t derivation_threads = 1;
    /// A client that was told why is given this long to read it.
    Duration farewell = std::chrono::seconds(2);
    /// A console client that lets this much of a reply lie is closed.
    std::size_t max_console_backlog = 64U << 20U;
    /// Cancel requests under way to one server address; so many more wait for their turn.
    std::size_t max_cancels = 64;
    /// Tests pass their own.
    std::function<TimePoint()> clock = [] { return Clock::now(); };
};

struct Context {
    Context(registry::Process& shared, registry::RuntimeRef first, ResolvePort resolver, Options chosen);

    [[nodiscard]] TimePoint now() const { return options.clock(); }
    [[nodiscard]] const config::Config& config() const { return *runtime->config; }
    [[nodiscard]] std::size_t max_unauthenticated() const;

    net::asio::io_context io{1};
    registry::Process& process;
    registry::RuntimeRef runtime;
    const ResolvePort resolve;
    const Options options;
    Deadlines deadlines;
    Derivations derivations;
    std::size_t lingering = 0;  // clients that were refused and read why

private:
    void arm(TimePoint when);
    net::asio::steady_timer timer_;
};

/// "(age=3s)" of closing lines.
[[nodiscard]] std::string age_of(TimePoint since, TimePoint now);

}  // namespace cenote::gate
