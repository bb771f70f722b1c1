#include "dataplane/app/application.hpp"

#include "dataplane/app/cpu_count.hpp"
#include "dataplane/app/runtime_loader.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/app/version.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/config/config_diff.hpp"

#include <signal.h>

namespace cenote::app {

namespace asio = net::asio;

Application::Application(Options options, Loaded loaded, DescriptorLimit descriptors)
    : options_(std::move(options)),
      descriptors_(descriptors),
      listeners_(io_, [this](int fd) { on_accepted(fd); }),
      file_watch_(io_, [this] { static_cast<void>(reload(Asked::kByWatch)); }),
      resolver_(io_, net::DnsSettings{.resolv_conf = loaded.runtime->config->resolv_conf}),
      runtime_(std::move(loaded.runtime)),
      files_hash_(std::move(loaded.files_hash)) {}

Application::~Application() = default;

std::shared_ptr<const worker::Runtime> Application::runtime() const {
    const std::lock_guard lock(runtime_mutex_);
    return runtime_;
}

Result<void> Application::open() { return listeners_.open(*runtime()->config); }

void Application::start_workers() {
    const auto initial = runtime();
    const auto asked = initial->config->workers;
    const std::size_t count = asked > 0 ? std::min<std::size_t>(static_cast<std::size_t>(asked), pool::kMaxWorkers) : cpu_count();
    process_ = std::make_shared<worker::Process>(count);
    process_->version = kVersionLine;
    process_->version_number = kVersion;
    set_client_limit(*initial->config);
    process_->resolve = [this](const std::string& host, int port, worker::Process::Addresses answer) {
        const auto& config = *runtime()->config;
        const net::Resolver::Times times{config.dns_max_ttl, config.dns_nxdomain_ttl, config.server_connect_timeout};
        resolver_.resolve(host, port, times, std::move(answer));
    };
    process_->admin_query = [this](worker::ClientRef client, admin::Access access, std::string sql) {
        asio::post(io_, [this, client, access, sql = std::move(sql)] { on_console(client, access, sql); });
    };
    process_->admin_cancel = [this](worker::ClientRef client) { asio::post(io_, [this, client] { on_console_cancel(client); }); };
    for (std::size_t i = 0; i < count; ++i) {
        process_->workers.push_back(std::make_unique<worker::Worker>(static_cast<pool::WorkerId>(i), *process_, initial));
    }
    for (auto& worker : process_->workers) {
        worker->start();
    }
    log::info("{} worker{} started", count, count == 1 ? "" : "s");
}

void Application::on_accepted(int fd) {
    worker::Worker* least = process_->workers.front().get();
    for (const auto& worker : process_->workers) {
        if (worker->client_count() < least->client_count()) {
            least = worker.get();
        }
    }
    least->adopt_client(fd);
}

int Application::run() {
    for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) {
        signals_.add(number);
    }
    wait_for_signal();
    start_workers();
    open_endpoints();
    watch_files();
    latest_mark_ = previous_mark_ = {Clock::now(), {}};
    every(std::chrono::duration_cast<std::chrono::milliseconds>(runtime()->config->stats_period), stats_timer_, [this] {
        roll_stats();
        return true;
    });
    ready_ = true;
    log::info("process up: {}", kVersionLine);
    io_.run();
    ready_ = false;
    http_.reset();
    listeners_.close_all();
    for (auto& worker : process_->workers) {
        worker->stop();
    }
    log::info("process ended");
    return 0;
}

void Application::wait_for_signal() {
    signals_.async_wait([this](net::error_code failure, int number) {
        if (!failure) {
            on_signal(number);
            wait_for_signal();
        }
    });
}

void Application::on_signal(int number) {
    const auto say = [](const char* name, const Result<void>& result) {
        if (!result) {
            log::info("got {}: {}", name, result.error().message);
        } else {
            log::info("got {}", name);
        }
    };
    switch (number) {
        case SIGHUP:
            log::info("got SIGHUP, re-reading config");
            static_cast<void>(reload(Asked::kBySomebody));
            return;
        case SIGUSR1:
            say("SIGUSR1, pausing all activity", pause(""));
            return;
        case SIGUSR2:
            if (ending_ != Ending::kNone) {
                log::info("got SIGUSR2 while shutting down, ignoring");
                return;
            }
            say("SIGUSR2, continuing from PAUSE or SUSPEND", resume(""));
            return;
        case SIGTERM:
            log::info("got SIGTERM, shutting down");
            shut_down(runtime()->config->drain_timeout.count() > 0 ? Ending::kDrain : Ending::kWaitForClients);
            return;
        case SIGINT:
            log::info("got SIGINT, shutting down, waiting for all servers connections to be released");
            shut_down(Ending::kWaitForServers);
            return;
        default:
            log::info("got SIGQUIT, fast exit");
            io_.stop();
            return;
    }
}

// RELOAD and SIGHUP go back to what the files say, as PgBouncer does. The watch only tells of edits: what SET has set stays until one.
Result<void> Application::reload(Asked asked) {
    const auto before = runtime();
    auto loaded = load_runtime(options_.config_file, options_.overrides, before.get());
    if (!loaded) {
        log::error("reload refused, the running configuration stays:");
        log::write_lines(log::Level::kError, loaded.error().message);
        ++failed_reloads_;
        const std::lock_guard lock(runtime_mutex_);
        last_reload_error_ = loaded.error().message;
        return loaded.error();
    }
    auto next = loaded->runtime;
    if (asked == Asked::kByWatch && loaded->files_hash == files_hash_) {
        next = with_config(*next, before->config);  // at most auth_file is another
    }
    files_hash_ = loaded->files_hash;
    const bool same = *next->config == *before->config && next->auth_hash == before->auth_hash && next->config_hash == before->config_hash;
    {
        const std::lock_guard lock(runtime_mutex_);
        last_reload_error_.clear();
    }
    if (same) {
        log::configure(std::max(before->config->verbose, options_.verbose), options_.quiet, before->config->logfile);  // after a rotation
        return {};
    }
    for (const auto& warning : next->config->warnings) {
        log::warning("{}", warning);
    }
    const auto changes = config::diff(*before->config, *next->config);
    for (const auto& name : changes.settings_need_restart) {
        log::warning("{} was changed, which takes effect at the next start only", name);
    }
    auto fresh = std::make_shared<const config::Config>(config::keep_restart_settings(*before->config, *next->config));
    apply(with_config(*next, std::move(fresh)));
    ++reloads_;
    log::info("configuration applied ({})", options_.config_file);
    return {};
}

// Beyond this, accept() and then connects to servers would fail with EMFILE: refusing clients is the smaller evil.
void Application::set_client_limit(const config::Config& config) {
    const auto shares = share_descriptors(descriptors_.now, config.max_client_conn, servers_wanted(config));
    if (shares != shares_) {
        log::write(shares.enough ? log::Level::kLog : log::Level::kWarning, describe(descriptors_, shares, config.max_client_conn));
        process_->clients.set_limit(static_cast<int>(shares.clients));
        shares_ = shares;
    }
}

void Application::apply(std::shared_ptr<const worker::Runtime> runtime) {
    {
        const std::lock_guard lock(runtime_mutex_);
        runtime_ = runtime;
    }
    const auto& config = *runtime->config;
    log::configure(std::max(config.verbose, options_.verbose), options_.quiet, config.logfile);
    set_client_limit(config);
    process_->registry.apply(*runtime);
    for (const auto& worker : process_->workers) {
        worker->set_runtime(runtime);
    }
    watch_files();
}

void Application::watch_files() {
    const auto current = runtime();
    file_watch_.watch(current->config->watch_config ? current->config->files : std::vector<std::string>{});
}

void Application::roll_stats() {
    previous_mark_ = std::move(latest_mark_);
    latest_mark_ = {Clock::now(), stats_totals(*process_)};
    if (!runtime()->config->log_stats) {
        return;
    }
    admin::StatsCounters before;
    admin::StatsCounters after;
    for (const auto& [name, counters] : previous_mark_.totals) {
        before += counters;
    }
    for (const auto& [name, counters] : latest_mark_.totals) {
        after += counters;
    }
    const auto average =
        admin::averages(before, after, std::chrono::duration_cast<config::Microseconds>(latest_mark_.at - previous_mark_.at));
    log::info(
        "stats: {} xacts/s, {} queries/s, in {} B/s, out {} B/s, xact {} us, query {} us, wait {} us", average.xact_count,
        average.query_count, average.client_bytes, average.server_bytes, average.xact_time, average.query_time, average.wait_time
    );
}

void Application::every(std::chrono::milliseconds period, asio::steady_timer& timer, std::function<bool()> task) {
    timer.expires_after(std::max(period, std::chrono::milliseconds(1)));
    timer.async_wait([this, period, &timer, task = std::move(task)](net::error_code cancelled) {
        if (!cancelled && task()) {
            every(period, timer, task);
        }
    });
}

}  // namespace cenote::app
