// SHOW: rows -> tables with PgBouncer's exact columns (1.26). One .cpp a family: show_sockets, show_pools, show_stats, show_databases,
// show_misc.
#pragma once

#include "dataplane/admin/command.hpp"
#include "dataplane/admin/faked_parameters.hpp"
#include "dataplane/admin/rows.hpp"
#include "dataplane/admin/table.hpp"
#include "dataplane/config/config.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::admin {

[[nodiscard]] Table show_version(std::string_view version);
[[nodiscard]] Table show_pools(const std::vector<PoolRow>& pools);
[[nodiscard]] Table show_clients(const std::vector<ClientRow>& clients);
[[nodiscard]] Table show_servers(const std::vector<ServerRow>& servers);
[[nodiscard]] Table show_sockets(const std::vector<ClientRow>& clients, const std::vector<ServerRow>& servers);
/// Only those with bytes in their buffers.
[[nodiscard]] Table show_active_sockets(const std::vector<ClientRow>& clients, const std::vector<ServerRow>& servers);
[[nodiscard]] Table show_stats(const std::vector<StatsRow>& stats);
[[nodiscard]] Table show_stats_totals(const std::vector<StatsRow>& stats);
[[nodiscard]] Table show_stats_averages(const std::vector<StatsRow>& stats);
[[nodiscard]] Table show_totals(const std::vector<StatsRow>& stats);
[[nodiscard]] Table show_databases(const std::vector<DatabaseRow>& databases);
[[nodiscard]] Table show_users(const std::vector<UserRow>& users);
[[nodiscard]] Table show_lists(const ListsRow& lists);
[[nodiscard]] Table show_config(const config::Config& config);
[[nodiscard]] Table show_state(const StateRow& state);
[[nodiscard]] Table show_mem(const std::vector<MemoryRow>& memory);
[[nodiscard]] Table show_dns_hosts(const std::vector<DnsRow>& dns);
[[nodiscard]] Table show_dns_zones();
[[nodiscard]] Table show_peers(const config::Config& config);
[[nodiscard]] Table show_peer_pools();
/// SHOW client_encoding and its like; the name as parse_command gave it.
[[nodiscard]] Table show_parameter(std::string_view name);

/// Any SHOW, from a snapshot; HELP (a notice) and FDS (not supported) give a table without columns: ask for them first.
[[nodiscard]] Table show(const Command& command, const Snapshot& snapshot, const config::Config& config);

/// SHOW HELP answers with a notice: "Console usage" and this detail.
[[nodiscard]] std::string_view help_text();
inline constexpr std::string_view kHelpTitle = "Console usage";

/// ParameterStatus messages of a console login, in order; `version` as "1.26.0" becomes "1.26.0/bouncer".
[[nodiscard]] std::vector<std::pair<std::string, std::string>> welcome_parameters(std::string_view version);

}  // namespace cenote::admin
