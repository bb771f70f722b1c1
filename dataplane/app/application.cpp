#include "dataplane/app/application.hpp"

#include "dataplane/app/cpu_count.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/app/version.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/config/config_diff.hpp"

#include <signal.h>

namespace cenote::app {
namespace {

namespace asio = net::asio;

// How soon the end of a wait (PAUSE, a drain) is seen.
constexpr std::chrono::milliseconds kLookAgain{20};

// How often databases made from "*" are looked through for some that nobody has used for autodb_idle_timeout.
constexpr std::chrono::milliseconds kUnusedLook{1000};

std::size_t worker_count(const config::Config& config) {
    return config.workers > 0 ? std::min<std::size_t>(static_cast<std::size_t>(config.workers), pool::kMaxWorkers) : cpu_count();
}

io::Engine choose_engine(config::IoEngine asked) {
    if (asked == config::IoEngine::kEpoll) {
        return io::Engine::kEpoll;
    }
    const auto usable = io::probe_uring();
    if (!usable) {
        const auto level = asked == config::IoEngine::kUring ? log::Level::kWarning : log::Level::kLog;
        log::write(level, fmt::format("io_engine is epoll: {}", usable.error().message));
    }
    return usable ? io::Engine::kUring : io::Engine::kEpoll;
}

}  // namespace

Application::Application(Options options, Loaded loaded, DescriptorLimit descriptors)
    : options_(std::move(options)),
      descriptors_(descriptors),
      runtime_(std::move(loaded.runtime)),
      files_hash_(std::move(loaded.files_hash)),
      file_watch_(io_, [this] { static_cast<void>(reload(Asked::kByWatch)); }),
      resolver_(io_, net::DnsSettings{.resolv_conf = runtime_.config()->resolv_conf}),
      process_(worker_count(*runtime_.config())),
      gate_(process_, runtime_.get(), resolve_port()),
      crew_(process_.workers.size()),
      pools_({process_, gate_, workers_}, runtime_, phase_),
      console_({{process_, gate_, workers_}, runtime_, phase_, resolver_, stats_}, pools_, console_host()),
      shutdown_({process_, gate_, workers_}, runtime_, phase_, pools_),
      endpoints_({process_, gate_, workers_}, runtime_, phase_) {}

Application::~Application() = default;

gate::ResolvePort Application::resolve_port() {
    return [this](
               std::string host, int port, std::chrono::microseconds ttl, std::chrono::microseconds bad_ttl,
               std::chrono::microseconds limit, net::Resolver::Answer answer
           ) { resolver_.resolve(std::move(host), port, {ttl, bad_ttl, limit}, std::move(answer)); };
}

Result<void> Application::open() { return gate_.open(*runtime_.config()); }

Console::Host Application::console_host() {
    return {
        [this] { return reload(Asked::kBySomebody); },
        [this](std::shared_ptr<const registry::Runtime> runtime) { apply(std::move(runtime)); },
        [this](admin::ShutdownMode mode) {
            switch (mode) {
                case admin::ShutdownMode::kImmediate:
                    return shut_down(Phase::kEnded);
                case admin::ShutdownMode::kWaitForServers:
                    return shut_down(Phase::kWaitingForServers);
                case admin::ShutdownMode::kWaitForClients:
                    return shut_down(Phase::kWaitingForClients);
            }
        },
        [this] { every(kLookAgain, pending_timer_, [this] { return console_.check_pending(); }); },
    };
}

Console::Asker Application::asker(std::uint64_t client) {
    return {client, [this, client](std::string bytes) { gate_.console_reply(client, std::move(bytes)); }};
}

// Who passes what to whom.
void Application::wire() {
    auto& ports = process_.ports;
    ports.dial = [this](registry::DialOrder order) { gate_.dial(std::move(order)); };
    ports.cancel = [this](registry::CancelOrder order) { gate_.cancel(std::move(order)); };
    ports.look_after = [this](registry::PoolRef pool) {
        auto& keeper = *workers_[pool->keeper];
        keeper.look_after(std::move(pool));
    };
    ports.evict = [this](registry::PoolRef pool, pool::WorkerId worker) { workers_[worker]->evict_idle(std::move(pool)); };
    ports.admin_query = [this](std::uint64_t client, bool admin, std::string sql) {
        const auto access = admin ? admin::Access::kAdmin : admin::Access::kStats;
        asio::post(io_, [this, client, access, sql = std::move(sql)] { console_.on_query(asker(client), access, sql); });
    };
    ports.admin_cancel = [this](std::uint64_t client) { asio::post(io_, [this, client] { console_.on_cancel(client); }); };
}

void Application::start_workers() {
    const auto initial = runtime_.get();
    const auto count = process_.workers.size();
    const auto engine = choose_engine(initial->config->io_engine);
    process_.version = kVersionLine;
    process_.version_number = kVersion;
    set_client_limit(*initial->config);
    process_.registry.apply(initial);
    wire();
    for (std::size_t i = 0; i < count; ++i) {
        workers_.push_back(std::make_unique<worker::Worker>(static_cast<pool::WorkerId>(i), process_, crew_, initial, engine));
    }
    process_.io_engine = io::to_string(workers_.front()->engine());  // what it is, should the kernel have refused what was chosen
    for (auto& worker : workers_) {
        worker->start();
    }
    gate_.start();
    log::info("{} worker{} started, io_engine {}", count, count == 1 ? "" : "s", process_.io_engine);
}

int Application::run() {
    for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2}) {
        signals_.add(number);
    }
    wait_for_signal();
    start_workers();
    endpoints_.open();
    watch_files();
    roll_stats();
    every(std::chrono::duration_cast<std::chrono::milliseconds>(runtime_.config()->stats_period), stats_timer_, [this] {
        roll_stats();
        log_stats();
        return true;
    });
    every(kUnusedLook, unused_timer_, [this] {
        process_.registry.forget_idle_databases(Clock::now());
        return true;
    });
    static_cast<void>(phase_.move_to(Phase::kRunning));
    log::info("process up: {}", kVersionLine);
    io_.run();
    static_cast<void>(phase_.move_to(Phase::kEnded));
    endpoints_.close();
    gate_.stop();
    for (auto& worker : workers_) {
        worker->stop();
    }
    // What goes now with its connections has nobody left to tell.
    process_.ports.look_after = [](const registry::PoolRef& /*pool*/) {};
    process_.ports.evict = [](const registry::PoolRef& /*pool*/, pool::WorkerId /*worker*/) {};
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
    switch (number) {
        case SIGHUP:
            log::info("got SIGHUP, re-reading config");
            static_cast<void>(reload(Asked::kBySomebody));
            return;
        case SIGUSR1: {
            const auto paused = pools_.pause("");
            log::info("got SIGUSR1, pausing all activity{}{}", paused ? "" : ": ", paused ? "" : paused.error().message);
            return;
        }
        case SIGUSR2: {
            if (is_ending(phase_.get())) {
                log::info("got SIGUSR2 while shutting down, ignoring");
                return;
            }
            const auto resumed = pools_.resume("");
            log::info("got SIGUSR2, continuing from PAUSE or SUSPEND{}{}", resumed ? "" : ": ", resumed ? "" : resumed.error().message);
            return;
        }
        case SIGTERM:
            log::info("got SIGTERM, shutting down");
            shut_down(runtime_.config()->drain_timeout.count() > 0 ? Phase::kDrainAnnounced : Phase::kWaitingForClients);
            return;
        case SIGINT:
            log::info("got SIGINT, shutting down, waiting for all servers connections to be released");
            shut_down(Phase::kWaitingForServers);
            return;
        default:
            log::info("got SIGQUIT, fast exit");
            shut_down(Phase::kEnded);
            return;
    }
}

void Application::shut_down(Phase how) {
    if (how == Phase::kEnded) {
        io_.stop();
        return;
    }
    if (!shutdown_.begin(how, Clock::now())) {
        log::info("asked to end a second time: fast exit");
        io_.stop();
        return;
    }
    every(kLookAgain, ending_timer_, [this] {
        if (shutdown_.is_over(Clock::now())) {
            io_.stop();
        }
        return true;
    });
}

// RELOAD and SIGHUP go back to what the files say, as PgBouncer does. The watch only tells of edits: what SET has set stays until one.
Result<void> Application::reload(Asked asked) {
    const auto before = runtime_.get();
    auto loaded = load_runtime(options_.config_file, options_.overrides, before.get());
    if (!loaded) {
        log::error("reload refused, the running configuration stays:");
        log::write_lines(log::Level::kError, loaded.error().message);
        runtime_.note_refused(loaded.error().message);
        return loaded.error();
    }
    auto next = loaded->runtime;
    if (asked == Asked::kByWatch && loaded->files_hash == files_hash_) {
        next = with_config(*next, before->config);  // at most auth_file is another
    }
    files_hash_ = loaded->files_hash;
    const bool same = *next->config == *before->config && next->auth_hash == before->auth_hash && next->config_hash == before->config_hash;
    runtime_.note_reload(!same);
    if (same) {
        log::configure(std::max(before->config->verbose, options_.verbose), options_.quiet, before->config->logfile);  // after a rotation
        return {};
    }
    for (const auto& warning : next->config->warnings) {
        log::warning("{}", warning);
    }
    for (const auto& name : config::settings_that_need_restart(*before->config, *next->config)) {
        log::warning("{} was changed, which takes effect at the next start only", name);
    }
    auto fresh = std::make_shared<const config::Config>(config::keep_restart_settings(*before->config, *next->config));
    apply(with_config(*next, std::move(fresh)));
    log::info("configuration applied ({})", options_.config_file);
    return {};
}

// Beyond this, accept() and then connects to servers would fail with EMFILE: refusing clients is the smaller evil.
void Application::set_client_limit(const config::Config& config) {
    const auto shares = share_descriptors(descriptors_.now, config.max_client_conn, servers_wanted(config));
    if (shares != shares_) {
        log::write(shares.enough ? log::Level::kLog : log::Level::kWarning, describe(descriptors_, shares, config.max_client_conn));
        process_.clients.set_limit(static_cast<int>(shares.clients));
        shares_ = shares;
    }
}

void Application::apply(std::shared_ptr<const registry::Runtime> runtime) {
    runtime_.set(runtime);
    const auto& config = *runtime->config;
    log::configure(std::max(config.verbose, options_.verbose), options_.quiet, config.logfile);
    set_client_limit(config);
    process_.registry.apply(runtime);
    gate_.set_runtime(runtime);
    for (const auto& worker : workers_) {
        worker->set_runtime(runtime);
    }
    watch_files();
}

void Application::watch_files() {
    const auto current = runtime_.get();
    file_watch_.watch(current->config->watch_config ? current->config->files : std::vector<std::string>{});
}

void Application::roll_stats() { stats_.roll(Clock::now(), stats_totals(process_)); }

void Application::log_stats() const {
    if (!runtime_.config()->log_stats) {
        return;
    }
    const auto average = stats_.average();
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
