#include "operator/api/validation.hpp"

#include "dataplane/config/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cenote::api {
namespace {

// What the operator writes itself, and where users say it instead.
struct OwnedSetting {
    std::string_view name;
    std::string_view reason;
};

constexpr OwnedSetting kOwnedSettings[] = {
    {"auth_file", "the operator mounts it; use spec.auth.usersSecretRef"},
    {"auth_hba_file", "there is no such file in the pods"},
    {"auth_ident_file", "there is no such file in the pods"},
    {"conffile", "the operator mounts it"},
    {"default_pool_size", "it follows from the workloads; use spec.workloads and spec.sizing"},
    {"drain_delay", "it belongs to the pods' grace period; use spec.drain.timeout"},
    {"drain_timeout", "use spec.drain.timeout"},
    {"http_listen_addr", "the pods' probes need it"},
    {"http_port", "the pods' probes need it"},
    {"listen_addr", "the pods listen on every address"},
    {"listen_port", "the pods always listen on 6432"},
    {"logfile", "the pods log to their standard error; use kubectl logs"},
    {"max_db_connections", "it is the pod's share of the database's budget; use spec.sizing.maxServerConnections"},
    {"max_user_connections", "it is the pod's share of the database's budget; use spec.sizing.maxServerConnections"},
    {"pidfile", "the pods have none"},
    {"pool_mode", "use spec.poolMode"},
    {"reserve_pool_size", "one number binds the pool; use spec.sizing.headroomPercent"},
    {"server_tls_sslmode", "use spec.database.tls.mode"},
    {"server_tls_ca_file", "use spec.database.tls.caSecretRef"},
    {"so_reuseport", "one process serves each pod"},
    {"syslog", "the pods log to their standard error; use kubectl logs"},
    {"unix_socket_dir", "the pods have a read-only file system and no unix socket"},
    {"unix_socket_group", "the pods have no unix socket"},
    {"unix_socket_mode", "the pods have no unix socket"},
    {"user", "the pods do not run as root"},
    {"watch_config", "the operator's changes reach the pods through it"},
};

void check_settings(const std::vector<Setting>& settings, std::vector<Problem>& problems) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const Setting& setting = settings[i];
        if (const std::string_view reason = owned_setting_reason(setting.name); !reason.empty()) {
            problems.push_back(
                {fmt::format("spec.settings[{}].name", i), fmt::format("{} is set by the operator: {}", setting.name, reason)}
            );
            continue;
        }
        const bool known = config::find_setting(config::Scope::kGlobal, setting.name) != nullptr;
        if (const auto valid = config::validate_setting(config::Scope::kGlobal, setting.name, setting.value); !valid) {
            problems.push_back({fmt::format("spec.settings[{}].{}", i, known ? "value" : "name"), valid.error().message});
        }
    }
}

}  // namespace

std::string_view owned_setting_reason(std::string_view setting) {
    const auto* found = std::find_if(std::begin(kOwnedSettings), std::end(kOwnedSettings), [&](const OwnedSetting& entry) {
        return entry.name == setting;
    });
    return found == std::end(kOwnedSettings) ? std::string_view{} : found->reason;
}

std::vector<Problem> validate(const Spec& spec) {
    std::vector<Problem> problems;
    const ServerTls& tls = spec.database.tls;
    if (tls.mode != TlsMode::kDisable && tls.mode != TlsMode::kPrefer) {
        problems.push_back(
            {"spec.database.tls.mode",
             fmt::format(
                 "{} cannot be kept: this version connects to servers without encryption; use Disable or Prefer", to_string(tls.mode)
             )}
        );
    } else if (!tls.ca_secret.empty()) {
        problems.push_back({"spec.database.tls.caSecretRef", fmt::format("has no effect with mode {}; leave it out", to_string(tls.mode))});
    }
    if (spec.database.name.empty() && !spec.users_secret.empty()) {
        problems.push_back(
            {"spec.database.name",
             "is required with auth.usersSecretRef: the connections of many users to many databases have no common limit"}
        );
    }
    if (spec.database.name == "pgbouncer") {
        problems.push_back({"spec.database.name", "\"pgbouncer\" is the name of the pooler's own console"});
    }
    check_settings(spec.settings, problems);
    if (spec.pod_monitor == Switch::kEnabled) {
        problems.push_back({"spec.monitoring.podMonitor", "this version makes no PodMonitor; leave it Disabled"});
    }
    if (spec.state == DesiredRunState::kPaused) {
        problems.push_back({"spec.state", "this version cannot pause a pool; leave it Running"});
    }
    return problems;
}

std::string describe(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", problem.path, problem.message);
    }
    return text;
}

}  // namespace cenote::api
