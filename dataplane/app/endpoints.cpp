// HTTP: /metrics, /healthz, /readyz, /status. The handlers run on the HTTP server's thread and read what any thread may read.
#include "dataplane/app/application.hpp"
#include "dataplane/app/snapshot.hpp"
#include "dataplane/app/version.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/metrics/exposition.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace cenote::app {
namespace {

std::uint64_t count(int value) { return static_cast<std::uint64_t>(std::max(value, 0)); }

struct ServerConnections {
    int limit = 0;  // that the whole process keeps to now; 0: no number bounds all of them
    int used = 0;   // open or being opened
};

/// What binds all server connections together: the sum over the databases, unless clients may name any; or what the one user of every
/// database may have. Read from the counters that the workers take places from, so that what is said is in force.
ServerConnections server_connections(worker::Process& process, const worker::Runtime& runtime) {
    const auto& config = *runtime.config;
    ServerConnections out;
    for (const auto* state : process.registry.databases()) {
        out.used += state->servers.used();
    }
    bool bounded = !config.fallback_database;
    std::set<std::string> users;
    const auto add = [&](const config::Database& line) {
        auto* state = process.registry.find_database(line.name);
        const int limit = state != nullptr ? state->servers.limit() : config.max_db_connections_for(line);
        bounded = bounded && limit > 0;
        out.limit += limit;
        users.insert(line.user);
    };
    for (const auto& [name, line] : config.databases) {
        add(line);
    }
    if (config.fallback_database) {
        users.insert(config.fallback_database->user);
    }
    if (!bounded) {
        out.limit = 0;
    }
    if (users.size() == 1 && !users.begin()->empty()) {
        int limit = config.max_user_connections_for(config.find_user(*users.begin()));
        for (const auto* state : process.registry.users()) {
            limit = state->name == *users.begin() ? state->servers.limit() : limit;
        }
        out.limit = out.limit == 0 || limit == 0 ? std::max(out.limit, limit) : std::min(out.limit, limit);
    }
    return out;
}

}  // namespace

void Application::open_endpoints() {
    const auto config = runtime()->config;
    if (config->http_port == 0) {
        return;
    }
    auto server =
        http::Server::start(config->http_listen_addr, config->http_port, [this](const http::Request& request) { return respond(request); });
    if (!server) {
        // A second pooler on one machine with the same port shall still pool.
        log::warning("no HTTP endpoints: {} (set http_port, or 0 to switch them off)", server.error().message);
        return;
    }
    http_ = std::move(*server);
    log::info("HTTP endpoints on {}:{}", config->http_listen_addr, http_->port());
}

http::Response Application::respond(const http::Request& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
        return {405, "text/plain; charset=utf-8", "only GET\n"};
    }
    const std::string path = request.path();
    if (path == "/metrics") {
        return {200, metrics::kContentType, metrics_text()};
    }
    if (path == "/healthz") {
        return {200, "text/plain; charset=utf-8", "ok\n"};
    }
    if (path == "/readyz") {
        return ready_ ? http::Response{200, "text/plain; charset=utf-8", "ok\n"}
                      : http::Response{503, "text/plain; charset=utf-8", "draining\n"};
    }
    if (path == "/status") {
        return {200, "application/json", status_json()};
    }
    return {404, "text/plain; charset=utf-8", "there is /metrics, /healthz, /readyz and /status\n"};
}

std::string Application::status_json() const {
    const auto current = runtime();
    nlohmann::json status;
    status["version"] = kVersion;
    status["state"] = draining_ || ending_ != Ending::kNone ? "Draining" : paused_ || suspended_ ? "Paused" : "Running";
    status["configHash"] = current->config_hash;
    status["authHash"] = current->auth_hash;
    status["workers"] = process_->workers.size();
    status["reloads"] = reloads_.load();
    int opening = 0;
    for (const auto& row : pool_rows(*process_)) {
        opening += row.sv_login;
    }
    const auto servers = server_connections(*process_, *current);
    status["serverLimit"] = servers.limit;
    status["serverOpen"] = std::max(servers.used - opening, 0);
    status["serverOpening"] = opening;
    const std::lock_guard lock(runtime_mutex_);
    status["lastReloadError"] = last_reload_error_;
    return status.dump() + "\n";
}

std::string Application::metrics_text() const {
    const auto current = runtime();
    metrics::Samples samples;
    for (const auto& row : pool_rows(*process_)) {
        samples.pools.push_back(
            {row.database, row.user, count(row.cl_active), count(row.cl_waiting), count(row.cl_active_cancel_req),
             count(row.cl_waiting_cancel_req), count(row.sv_active), count(row.sv_active_cancel), count(row.sv_being_canceled),
             count(row.sv_idle), count(row.sv_used), count(row.sv_tested), count(row.sv_login),
             std::chrono::duration<double>(row.max_wait).count()}
        );
    }
    for (const auto& row : database_rows(*process_, *current)) {
        samples.databases.push_back(
            {row.name, row.host, static_cast<std::uint16_t>(row.port), row.database, row.force_user,
             std::string(config::to_string(row.pool_mode.value_or(current->config->pool_mode))), count(row.pool_size),
             count(row.min_pool_size), count(row.reserve_pool_size), count(row.max_connections), count(row.current_connections), row.paused,
             row.disabled}
        );
    }
    for (const auto& [name, total] : stats_totals(*process_)) {
        samples.stats.push_back(
            {name, total.server_assignment_count, total.xact_count, total.query_count, total.client_bytes, total.server_bytes,
             total.xact_time, total.query_time, total.wait_time, total.client_parse_count, total.server_parse_count, total.bind_count,
             total.client_login_count}
        );
    }
    const auto lists = lists_row(*process_, *current);
    auto& process = samples.process;
    process.version = kVersion;
    process.start_time = std::chrono::duration<double>(started_at_.time_since_epoch()).count();
    process.workers = process_->workers.size();
    process.max_client_conn = count(current->config->max_client_conn);
    process.max_user_connections = count(current->config->max_user_connections);
    process.used_clients = count(lists.used_clients);
    process.login_clients = count(lists.login_clients);
    process.used_servers = count(lists.used_servers);
    process.databases = count(lists.databases);
    process.pools = count(lists.pools);
    process.users = count(lists.users);
    process.config_reloads = reloads_;
    process.config_reload_failures = failed_reloads_;
    {
        const std::lock_guard lock(runtime_mutex_);
        process.last_reload_ok = last_reload_error_.empty();
    }
    process.paused = paused_ || suspended_;
    process.draining = draining_;
    return metrics::write_exposition(samples);
}

}  // namespace cenote::app
