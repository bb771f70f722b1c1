#include "dataplane/app/endpoints.hpp"

#include "dataplane/app/snapshot.hpp"
#include "dataplane/app/version.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/metrics/exposition.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace cenote::app {
namespace {

struct ServerConnections {
    int limit = 0;  // that the whole process keeps to now; 0: no number bounds all of them
    int used = 0;   // open or being opened
};

/// What binds all server connections together: the sum over the databases, unless clients may name any; or what the one user of every
/// database may have. Read from the budgets that connections take their places from, so that what is said is in force.
ServerConnections server_connections(registry::Process& process, const registry::Runtime& runtime) {
    const auto& config = *runtime.config;
    ServerConnections out;
    for (const auto& state : process.registry.databases()) {
        out.used += state->servers.used();
    }
    bool bounded = !config.fallback_database;
    std::set<std::string> users;
    const auto add = [&](const config::Database& line) {
        const auto state = process.registry.find_database(line.name);
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
        for (const auto& state : process.registry.users()) {
            limit = state->name == *users.begin() ? state->servers.limit() : limit;
        }
        out.limit = out.limit == 0 || limit == 0 ? std::max(out.limit, limit) : std::min(out.limit, limit);
    }
    return out;
}

}  // namespace

void Endpoints::open() {
    const auto config = runtime_.config();
    if (config->http_port == 0) {
        return;
    }
    auto server =
        http::Server::start(config->http_listen_addr, config->http_port, [this](const http::Request& request) { return respond(request); });
    if (!server) {
        log::warning("no HTTP endpoints: {} (set http_port, or 0 to switch them off)", server.error().message);
        return;
    }
    server_ = std::move(*server);
    log::info("HTTP endpoints on {}:{}", config->http_listen_addr, server_->port());
}

http::Response Endpoints::respond(const http::Request& request) const {
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
        return is_ready(phase_.get()) ? http::Response{200, "text/plain; charset=utf-8", "ok\n"}
                                      : http::Response{503, "text/plain; charset=utf-8", "draining\n"};
    }
    if (path == "/status") {
        return {200, "application/json", status_json()};
    }
    return {404, "text/plain; charset=utf-8", "there is /metrics, /healthz, /readyz and /status\n"};
}

std::string Endpoints::status_json() const {
    const auto current = runtime_.get();
    const auto reloads = runtime_.reloads();
    nlohmann::json status;
    status["version"] = kVersion;
    status["state"] = status_word(phase_.get());
    status["configHash"] = current->config_hash;
    status["authHash"] = current->auth_hash;
    status["ioEngine"] = process_.io_engine;
    status["workers"] = process_.workers.size();
    status["reloads"] = reloads.done;
    int opening = 0;
    for (const auto& row : pool_rows(process_)) {
        opening += row.sv_login;
    }
    const auto servers = server_connections(process_, *current);
    status["serverLimit"] = servers.limit;
    status["serverOpen"] = std::max(servers.used - opening, 0);
    status["serverOpening"] = opening;
    status["lastReloadError"] = reloads.last_error;
    // A file's name or an error may hold bytes that are no UTF-8: shown as U+FFFD rather than not at all.
    return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string Endpoints::metrics_text() const {
    const auto current = runtime_.get();
    metrics::Samples samples;
    samples.pools = pool_rows(process_);
    samples.databases = database_rows(process_, *current);
    for (auto& [name, total] : stats_totals(process_)) {
        samples.stats.push_back({name, total, {}});
    }
    auto& process = samples.process;
    process.version = kVersion;
    process.io_engine = process_.io_engine;
    process.start_time = std::chrono::duration<double>(started_at_.time_since_epoch()).count();
    process.workers = process_.workers.size();
    process.max_client_conn = current->config->max_client_conn;
    process.max_user_connections = current->config->max_user_connections;
    process.pool_mode = current->config->pool_mode;
    process.lists = lists_row(staff_, *current);
    const auto reloads = runtime_.reloads();
    process.config_reloads = reloads.done;
    process.config_reload_failures = reloads.refused;
    process.last_reload_ok = reloads.last_error.empty();
    const auto phase = phase_.get();
    process.paused = is_held(phase);
    process.draining = is_draining(phase);
    return metrics::write_exposition(samples);
}

}  // namespace cenote::app
