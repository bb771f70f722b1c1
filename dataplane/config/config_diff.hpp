// What a reload changes, so that only what must be renewed is renewed: connections of changed databases become obsolete, the rest stays.
#pragma once

#include "dataplane/config/config.hpp"

#include <string>
#include <vector>

namespace cenote::config {

struct ConfigDiff {
    std::vector<std::string> databases_added;
    std::vector<std::string> databases_removed;
    std::vector<std::string> databases_changed;  // any difference
    std::vector<std::string>
        databases_obsolete;         // among them: open server connections no longer fit (host, port, dbname, user, parameters, …)
    bool fallback_changed = false;  // the line "*": any difference, appearing or vanishing
    bool fallback_obsolete = false;
    std::vector<std::string> users_changed;          // added, removed or different
    std::vector<std::string> settings_changed;       // names of [pgbouncer] settings that differ and take effect now
    std::vector<std::string> settings_need_restart;  // names that differ but only a restart applies
    bool server_connections_obsolete = false;        // a general setting changed that every server connection depends on

    [[nodiscard]] bool empty() const;
};

[[nodiscard]] ConfigDiff diff(const Config& before, const Config& after);

/// `fresh` with the values that a reload cannot change (listen_port, workers, …) taken from `running`, so that the snapshot, and SHOW
/// CONFIG, say what is so. Take the diff first: it names what then waits for a restart.
[[nodiscard]] Config keep_restart_settings(const Config& running, Config fresh);

}  // namespace cenote::config
