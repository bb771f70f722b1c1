#include "dataplane/config/config_diff.hpp"

#include "dataplane/config/setting.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cenote::config {
namespace {

// What a server connection was opened with. Limits, pool modes and lifetimes apply to connections as they are.
bool makes_obsolete(const Database& before, const Database& after) {
    return before.host != after.host || before.port != after.port || before.dbname != after.dbname || before.user != after.user ||
           before.connect_query != after.connect_query || before.load_balance_hosts != after.load_balance_hosts ||
           before.client_encoding != after.client_encoding || before.datestyle != after.datestyle || before.timezone != after.timezone ||
           before.application_name != after.application_name;
}

void compare_databases(const Config& before, const Config& after, ConfigDiff& out) {
    for (const auto& [name, old] : before.databases) {
        const Database* now = after.find_database(name);
        if (now == nullptr) {
            out.databases_removed.push_back(name);
        } else if (*now != old) {
            out.databases_changed.push_back(name);
            if (makes_obsolete(old, *now)) {
                out.databases_obsolete.push_back(name);
            }
        }
    }
    for (const auto& [name, now] : after.databases) {
        if (before.find_database(name) == nullptr) {
            out.databases_added.push_back(name);
        }
    }
    out.fallback_changed = before.fallback_database != after.fallback_database;
    if (before.fallback_database && after.fallback_database) {
        out.fallback_obsolete = makes_obsolete(*before.fallback_database, *after.fallback_database);
    } else {
        out.fallback_obsolete = out.fallback_changed;
    }
}

void compare_users(const Config& before, const Config& after, ConfigDiff& out) {
    for (const auto& [name, old] : before.users) {
        const User* now = after.find_user(name);
        if (now == nullptr || *now != old) {
            out.users_changed.push_back(name);
        }
    }
    for (const auto& [name, now] : after.users) {
        if (before.find_user(name) == nullptr) {
            out.users_changed.push_back(name);
        }
    }
}

void compare_settings(const Config& before, const Config& after, ConfigDiff& out) {
    for (const Setting& setting : settings(Scope::kGlobal)) {
        if (value_text(setting, before) == value_text(setting, after)) {
            continue;
        }
        (setting.reloadable ? out.settings_changed : out.settings_need_restart).emplace_back(setting.name);
        if (setting.name.starts_with("server_tls")) {
            out.server_connections_obsolete = true;
        }
    }
}

}  // namespace

bool ConfigDiff::empty() const {
    return databases_added.empty() && databases_removed.empty() && databases_changed.empty() && !fallback_changed &&
           users_changed.empty() && settings_changed.empty() && settings_need_restart.empty();
}

ConfigDiff diff(const Config& before, const Config& after) {
    ConfigDiff out;
    compare_databases(before, after, out);
    compare_users(before, after, out);
    compare_settings(before, after, out);
    return out;
}

Config keep_restart_settings(const Config& running, Config fresh) {
    for (const Setting& setting : settings(Scope::kGlobal)) {
        if (!setting.reloadable) {
            copy_setting(setting, running, fresh);
        }
    }
    return fresh;
}

}  // namespace cenote::config
