// SHOW VERSION, LISTS, CONFIG, STATE, MEM, DNS_HOSTS, DNS_ZONES, HELP, the faked parameters, and the console's welcome.
#include "dataplane/admin/cells.hpp"
#include "dataplane/admin/faked_parameters.hpp"
#include "dataplane/admin/show.hpp"
#include "dataplane/config/setting.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::admin {

using enum ColumnType;

Table show_version(std::string_view version) {
    Table table;
    table.columns = {{"version", kText}};
    table.rows = {{text(version)}};
    return table;
}

Table show_lists(const ListsRow& lists) {
    Table table;
    table.columns = {{"list", kText}, {"items", kInt4}};
    const std::pair<std::string_view, int> rows[] = {
        {"databases", lists.databases},
        {"users", lists.users},
        {"peers", lists.peers},
        {"pools", lists.pools},
        {"peer_pools", lists.peer_pools},
        {"free_clients", lists.free_clients},
        {"used_clients", lists.used_clients},
        {"login_clients", lists.login_clients},
        {"free_servers", lists.free_servers},
        {"used_servers", lists.used_servers},
        {"dns_names", lists.dns_names},
        {"dns_zones", lists.dns_zones},
        {"dns_queries", lists.dns_queries},
        {"dns_pending", lists.dns_pending},
    };
    for (const auto& [name, items] : rows) {
        table.rows.push_back({text(name), number(items)});
    }
    return table;
}

Table show_config(const config::Config& config) {
    Table table;
    table.columns = {{"key", kText}, {"value", kText}, {"default", kText}, {"changeable", kText}};
    for (const config::ShownSetting& setting : config::shown_settings(config)) {
        table.rows.push_back({
            text(setting.name),
            setting.value,
            setting.default_text ? text(*setting.default_text) : Cell{},
            text(setting.changeable ? "yes" : "no"),
        });
    }
    return table;
}

Table show_state(const StateRow& state) {
    const auto yes = [](bool value) { return text(value ? "yes" : "no"); };
    Table table;
    table.columns = {{"key", kText}, {"value", kText}};
    table.rows = {
        {text("active"), yes(!state.paused && !state.suspended)},
        {text("paused"), yes(state.paused)},
        {text("suspended"), yes(state.suspended)}
    };
    if (!state.io_engine.empty()) {
        table.rows.push_back({text("io_engine"), text(state.io_engine)});
    }
    return table;
}

Table show_mem(const std::vector<MemoryRow>& memory) {
    Table table;
    table.columns = {{"name", kText}, {"size", kInt4}, {"used", kInt4}, {"free", kInt4}, {"memtotal", kInt4}};
    for (const MemoryRow& row : memory) {
        table.rows.push_back({text(row.name), number(row.size), number(row.used), number(row.free), number(row.total)});
    }
    return table;
}

Table show_dns_hosts(const std::vector<DnsRow>& dns) {
    Table table;
    table.columns = {{"hostname", kText}, {"ttl", kInt8}, {"addrs", kText}};
    for (const DnsRow& row : dns) {
        table.rows.push_back({text(row.hostname), number(row.ttl), text(row.addresses)});
    }
    return table;
}

Table show_dns_zones() {
    Table table;
    table.columns = {{"zonename", kText}, {"serial", kInt8}, {"count", kInt4}};
    return table;
}

Table show_parameter(std::string_view name) {
    const FakedParameter parameter = find_faked_parameter(name);
    Table table;
    table.columns = {{parameter.name, kText}};
    table.rows = {{text(parameter.value)}};
    return table;
}

std::string_view help_text() {
    return "\n\tSHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION\n"
           "\tSHOW PEERS|PEER_POOLS\n"
           "\tSHOW FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE\n"
           "\tSHOW DNS_HOSTS|DNS_ZONES\n"
           "\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS\n"
           "\tSET key = arg\n"
           "\tRELOAD\n"
           "\tPAUSE [<db>]\n"
           "\tRESUME [<db>]\n"
           "\tDISABLE <db>\n"
           "\tENABLE <db>\n"
           "\tRECONNECT [<db>]\n"
           "\tKILL [<db>]\n"
           "\tKILL_CLIENT <client_id>\n"
           "\tSUSPEND\n"
           "\tSHUTDOWN\n"
           "\tSHUTDOWN WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS\n"
           "\tWAIT_CLOSE [<db>]";
}

std::vector<std::pair<std::string, std::string>> welcome_parameters(std::string_view version) {
    return {
        {"server_version", fmt::format("{}/bouncer", version)},
        {"client_encoding", "UTF8"},
        {"server_encoding", "UTF8"},
        {"DateStyle", "ISO"},
        {"TimeZone", "GMT"},
        {"standard_conforming_strings", "on"},
        {"is_superuser", "on"},
    };
}

Table show(const Command& command, const Snapshot& snapshot, const config::Config& config) {
    switch (command.show) {
        case Show::kVersion:
            return show_version(snapshot.version);
        case Show::kPools:
            return show_pools(snapshot.pools);
        case Show::kClients:
            return show_clients(snapshot.clients);
        case Show::kServers:
            return show_servers(snapshot.servers);
        case Show::kActiveSockets:
            return show_active_sockets(snapshot.clients, snapshot.servers);
        case Show::kSockets:
            return show_sockets(snapshot.clients, snapshot.servers);
        case Show::kStats:
            return show_stats(snapshot.stats);
        case Show::kStatsTotals:
            return show_stats_totals(snapshot.stats);
        case Show::kStatsAverages:
            return show_stats_averages(snapshot.stats);
        case Show::kTotals:
            return show_totals(snapshot.stats);
        case Show::kDatabases:
            return show_databases(snapshot.databases);
        case Show::kUsers:
            return show_users(snapshot.users);
        case Show::kLists:
            return show_lists(snapshot.lists);
        case Show::kConfig:
            return show_config(config);
        case Show::kState:
            return show_state(snapshot.state);
        case Show::kMem:
            return show_mem(snapshot.memory);
        case Show::kDnsHosts:
            return show_dns_hosts(snapshot.dns);
        case Show::kDnsZones:
            return show_dns_zones();
        case Show::kPeers:
            return show_peers(config);
        case Show::kPeerPools:
            return show_peer_pools();
        case Show::kParameter:
            return show_parameter(command.argument);
        case Show::kHelp:
        case Show::kFds:
            break;
    }
    return {};
}

}  // namespace cenote::admin
