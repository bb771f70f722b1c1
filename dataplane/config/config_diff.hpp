// What one configuration means to a process that runs by another. Pure.
#pragma once

#include "dataplane/config/config.hpp"

#include <string>
#include <vector>

namespace cenote::config {

/// Whether a server connection that was opened by one of the two lines fits the other. Limits, pool modes, lifetimes and the order of
/// hosts apply to connections as they are. User and password are the caller's to compare: they have more than one source.
[[nodiscard]] bool same_connection(const Database& a, const Database& b);

/// Names of the settings that differ and that only a restart applies.
[[nodiscard]] std::vector<std::string> settings_that_need_restart(const Config& running, const Config& fresh);

/// `fresh` with the values that a reload cannot change (listen_port, workers, …) taken from `running`, so that the snapshot, and SHOW
/// CONFIG, say what is so.
[[nodiscard]] Config keep_restart_settings(const Config& running, Config fresh);

}  // namespace cenote::config
