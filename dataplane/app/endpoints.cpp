#include "dataplane/app/endpoints.hpp"

#include "dataplane/app/snapshot.hpp"
#include "dataplane/app/version.hpp"
#include "dataplane/base/log.hpp"
#include "dataplane/metrics/exposition.hpp"

#include <nlohmann/json.hpp>

namespace cenote::app {
namespace {

std::uint64_t count(int value) { return static_cast<std::uint64_t>(std::max(value, 0)); }

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
    status["workers"] = process_.workers.size();
    status["reloads"] = reloads.done;
    status["lastReloadError"] = reloads.last_error;
    return status.dump() + "\n";
}

std::string Endpoints::metrics_text() const {
    const auto current = runtime_.get();
    metrics::Samples samples;
    for (const auto& row : pool_rows(process_)) {
        samples.pools.push_back(
            {row.database, row.user, count(row.cl_active), count(row.cl_waiting), count(row.cl_active_cancel_req),
             count(row.cl_waiting_cancel_req), count(row.sv_active), count(row.sv_active_cancel), count(row.sv_being_canceled),
             count(row.sv_idle), count(row.sv_used), count(row.sv_tested), count(row.sv_login),
             std::chrono::duration<double>(row.max_wait).count()}
        );
    }
    for (const auto& row : database_rows(process_, *current)) {
        samples.databases.push_back(
            {row.name, row.host, static_cast<std::uint16_t>(row.port), row.database, row.force_user,
             std::string(config::to_string(row.pool_mode.value_or(current->config->pool_mode))), count(row.pool_size),
             count(row.min_pool_size), count(row.reserve_pool_size), count(row.max_connections), count(row.current_connections), row.paused,
             row.disabled}
        );
    }
    for (const auto& [name, total] : stats_totals(process_)) {
        samples.stats.push_back(
            {name, total.server_assignment_count, total.xact_count, total.query_count, total.client_bytes, total.server_bytes,
             total.xact_time, total.query_time, total.wait_time, total.client_parse_count, total.server_parse_count, total.bind_count,
             total.client_login_count}
        );
    }
    const auto lists = lists_row(staff_, *current);
    auto& process = samples.process;
    process.version = kVersion;
    process.start_time = std::chrono::duration<double>(started_at_.time_since_epoch()).count();
    process.workers = process_.workers.size();
    process.max_client_conn = count(current->config->max_client_conn);
    process.max_user_connections = count(current->config->max_user_connections);
    process.used_clients = count(lists.used_clients);
    process.login_clients = count(lists.login_clients);
    process.used_servers = count(lists.used_servers);
    process.databases = count(lists.databases);
    process.pools = count(lists.pools);
    process.users = count(lists.users);
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
