// The process: it owns the workers and wires the parts that accept, answer the console, end, and serve HTTP. It takes signals and reloads.
// Everything here runs on the control thread (the main one).
#pragma once

#include "dataplane/app/console.hpp"
#include "dataplane/app/current_runtime.hpp"
#include "dataplane/app/descriptors.hpp"
#include "dataplane/app/endpoints.hpp"
#include "dataplane/app/options.hpp"
#include "dataplane/app/phase.hpp"
#include "dataplane/app/pool_control.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/app/shutdown.hpp"
#include "dataplane/app/stats_history.hpp"
#include "dataplane/gate/gate.hpp"
#include "dataplane/net/file_watch.hpp"
#include "dataplane/net/resolver.hpp"
#include "dataplane/worker/worker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace cenote::app {

class Application {
public:
    Application(Options options, Loaded loaded, DescriptorLimit descriptors);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    /// Opens the sockets; before privileges are dropped.
    [[nodiscard]] Result<void> open();
    /// Runs until told to end; the exit code.
    int run();

private:
    enum class Asked : std::uint8_t { kBySomebody, kByWatch };

    void wire();
    void start_workers();
    void wait_for_signal();
    void on_signal(int number);
    Result<void> reload(Asked asked);
    void set_client_limit(const config::Config& config);
    void apply(std::shared_ptr<const registry::Runtime> runtime);
    void watch_files();
    void roll_stats();
    void log_stats() const;
    /// how: an ending, or kEnded for at once.
    void shut_down(Phase how);
    [[nodiscard]] gate::ResolvePort resolve_port();
    [[nodiscard]] Console::Host console_host();
    [[nodiscard]] Console::Asker asker(std::uint64_t client);
    /// Calls task every period until it returns false.
    void every(std::chrono::milliseconds period, net::asio::steady_timer& timer, std::function<bool()> task);

    Options options_;
    DescriptorLimit descriptors_;
    DescriptorShares shares_;
    CurrentRuntime runtime_;
    std::string files_hash_;  // of the files last loaded
    CurrentPhase phase_;
    StatsHistory stats_;

    net::asio::io_context io_{1};
    net::asio::signal_set signals_{io_};
    net::asio::steady_timer ending_timer_{io_};
    net::asio::steady_timer pending_timer_{io_};
    net::asio::steady_timer stats_timer_{io_};
    net::asio::steady_timer unused_timer_{io_};
    net::FileWatch file_watch_;
    net::Resolver resolver_;

    // Destroyed from below: the workers before the gate that they post to, both before what they share.
    registry::Process process_;
    gate::Gate gate_;
    worker::Crew crew_;
    std::vector<std::unique_ptr<worker::Worker>> workers_;
    PoolControl pools_;
    Console console_;
    Shutdown shutdown_;
    Endpoints endpoints_;
};

}  // namespace cenote::app
