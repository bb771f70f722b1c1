#include "operator/specs/pool_ini.hpp"

#include "dataplane/config/ini_writer.hpp"
#include "operator/api/labels.hpp"
#include "operator/api/validation.hpp"
#include "operator/specs/drain.hpp"
#include "operator/specs/pool_share.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::specs {
namespace {

using config::KeyValues;

constexpr std::string_view kIgnored = "ignore_startup_parameters";

std::string_view pool_mode_word(api::PoolMode mode) {
    switch (mode) {
        case api::PoolMode::kSession:
            return "session";
        case api::PoolMode::kTransaction:
            return "transaction";
        case api::PoolMode::kStatement:
            return "statement";
    }
    return "transaction";
}

/// "60" or "0.5": the data plane's seconds.
std::string seconds_text(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    return count % 1000 == 0 ? fmt::format("{}", count / 1000) : fmt::format("{}.{:03}", count / 1000, count % 1000);
}

KeyValues database_line(const api::Spec& spec, const IniInputs& inputs) {
    const bool own_users = !spec.users_secret.empty();
    const KeyValues parameters{
        {"host", spec.database.host},
        {"port", fmt::format("{}", spec.database.port)},
        {"dbname", spec.database.name},
        {"user", own_users ? "" : inputs.username},  // one server user, so one pool
    };
    return {{spec.database.name.empty() ? "*" : spec.database.name, config::write_connection_string(parameters)}};
}

/// Replaces the value where the name is there already: the user's word over our default.
void set(KeyValues& entries, std::string_view name, std::string value) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == entries.end()) {
        entries.emplace_back(name, std::move(value));
    } else {
        found->second = std::move(value);
    }
}

KeyValues settings(const api::Spec& spec, const IniInputs& inputs) {
    KeyValues entries{
        {"listen_addr", "*"},
        {"listen_port", fmt::format("{}", api::kPostgresPort)},
        {"unix_socket_dir", ""},
        // With md5, a client whose secret is not an MD5 hash is still asked for SCRAM.
        {"auth_type", inputs.userlist.has_md5 ? "md5" : "scram-sha-256"},
        {"auth_file", fmt::format("{}/{}", api::kSecretsDirectory, api::kUserlistKey)},
        {"pool_mode", std::string{pool_mode_word(spec.pool_mode)}},
        {"reserve_pool_size", "0"},
        {"max_client_conn", fmt::format("{}", std::max<std::int64_t>(inputs.max_client_conn, 1))},
        {"server_tls_sslmode", spec.database.tls.mode == api::TlsMode::kDisable ? "disable" : "prefer"},
        {"drain_timeout", seconds_text(spec.drain_timeout)},
        {"drain_delay", seconds_text(kDrainDelay)},
        {"http_listen_addr", "0.0.0.0"},
        {"http_port", fmt::format("{}", api::kHttpPort)},
        {"watch_config", "1"},
        {std::string{kIgnored}, "extra_float_digits"},  // JDBC sends it
        // A server that comes back, or moves to another address, is to be found within seconds, and one that vanished given up.
        {"server_login_retry", "2"},
        {"dns_max_ttl", "5"},
        {"tcp_user_timeout", "30000"},
        {"log_connections", "0"},  // a busy pool would log little else
        {"log_disconnections", "0"},
    };
    for (const api::Setting& setting : spec.settings) {
        if (api::owned_setting_reason(setting.name).empty()) {
            // What drivers send anyway stays ignored, whatever else is.
            const bool adds = setting.name == kIgnored && setting.value.find("extra_float_digits") == std::string::npos;
            set(entries, setting.name, adds ? fmt::format("extra_float_digits,{}", setting.value) : setting.value);
        }
    }
    return entries;
}

}  // namespace

Result<std::string> pool_ini(const api::Spec& spec, const IniInputs& inputs) {
    auto ini = config::write_ini(
        {{"databases", database_line(spec, inputs)}, {"pgbouncer", settings(spec, inputs)}},
        "Written by cenote-operator; edit the ConnectionPool instead."
    );
    if (!ini) {
        return ini;
    }
    // What a pod has before it is given its share, and then the share. The path is relative so that it holds wherever the volumes lie.
    return fmt::format("{}{}%include ../share/{}\n", *ini, share_text(spec, 1), api::kShareKey);
}

}  // namespace cenote::specs
