// The process: it owns the workers, accepts, takes signals and console commands, reloads, and ends in order. Everything here runs on the
// control thread (the main one), save what says "any thread".
//
// Its files: application.cpp start and reload · console.cpp commands · shutdown.cpp the ways to end · endpoints.cpp HTTP.
#pragma once

#include "dataplane/app/descriptors.hpp"
#include "dataplane/app/listeners.hpp"
#include "dataplane/app/options.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/http/server.hpp"
#include "dataplane/net/file_watch.hpp"
#include "dataplane/net/resolver.hpp"
#include "dataplane/worker/worker.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
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
    enum class Ending : std::uint8_t { kNone, kWaitForServers, kWaitForClients, kDrain };

    // application.cpp
    void start_workers();
    void on_accepted(int fd);
    void wait_for_signal();
    void on_signal(int number);
    Result<void> reload(Asked asked);
    void set_client_limit(const config::Config& config);
    void apply(std::shared_ptr<const worker::Runtime> runtime);
    void watch_files();
    void roll_stats();

    // console.cpp
    void on_console(worker::ClientRef client, admin::Access access, const std::string& sql);
    void on_console_cancel(worker::ClientRef client);
    [[nodiscard]] Result<void> run_command(worker::ClientRef client, const admin::Command& command);
    void show(worker::ClientRef client, const admin::Command& command);
    void reply(worker::ClientRef client, const admin::Command& command);
    void reply_error(worker::ClientRef client, const Error& error);
    [[nodiscard]] Result<std::vector<worker::SharedPool*>> pools_of(const std::string& database) const;
    [[nodiscard]] Result<void> pause(const std::string& database);
    [[nodiscard]] Result<void> resume(const std::string& database);
    void set_ledgers_paused(const std::vector<worker::SharedPool*>& pools, bool paused);
    void renew(const std::vector<worker::SharedPool*>& pools);
    void check_pending();

    // shutdown.cpp
    void shut_down(Ending ending);
    void begin_drain();
    void check_ending();
    [[nodiscard]] bool servers_are_back() const;
    [[nodiscard]] int clients_left() const;

    // endpoints.cpp (the HTTP thread)
    void open_endpoints();
    [[nodiscard]] http::Response respond(const http::Request& request) const;
    [[nodiscard]] std::string metrics_text() const;
    [[nodiscard]] std::string status_json() const;

    [[nodiscard]] std::shared_ptr<const worker::Runtime> runtime() const;  // any thread
    void every(std::chrono::milliseconds period, net::asio::steady_timer& timer, std::function<bool()> task);

    Options options_;
    DescriptorLimit descriptors_;
    DescriptorShares shares_;
    net::asio::io_context io_{1};
    net::asio::signal_set signals_{io_};
    std::shared_ptr<worker::Process> process_;
    Listeners listeners_;
    net::FileWatch file_watch_;
    net::Resolver resolver_;
    std::unique_ptr<http::Server> http_;
    net::asio::steady_timer ending_timer_{io_};
    net::asio::steady_timer pending_timer_{io_};
    net::asio::steady_timer stats_timer_{io_};

    mutable std::mutex runtime_mutex_;
    std::shared_ptr<const worker::Runtime> runtime_;  // guarded by runtime_mutex_
    std::string last_reload_error_;                   // guarded by runtime_mutex_
    std::string files_hash_;                          // of the files last loaded

    std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
    std::atomic<std::uint64_t> reloads_{0};
    std::atomic<std::uint64_t> failed_reloads_{0};
    std::atomic<bool> paused_{false};
    std::atomic<bool> suspended_{false};
    std::atomic<bool> ready_{false};
    std::atomic<bool> draining_{false};
    Ending ending_ = Ending::kNone;
    TimePoint ending_deadline_ = TimePoint::max();
    TimePoint drain_at_;

    /// A PAUSE, SUSPEND or WAIT_CLOSE that has not come to its end.
    struct Pending {
        worker::ClientRef client;
        admin::Command command;
        std::vector<worker::SharedPool*> pools;
    };
    std::vector<Pending> pending_;

    struct StatsMark {
        TimePoint at;
        std::map<std::string, admin::StatsCounters> totals;
    };
    StatsMark previous_mark_;
    StatsMark latest_mark_;
};

}  // namespace cenote::app
