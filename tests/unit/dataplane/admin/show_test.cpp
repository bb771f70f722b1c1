#include "dataplane/admin/show.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace cenote::admin {
namespace {

using testing::ElementsAre;

/// "a, b, c" of a table's columns.
std::string names(const Table& table) {
    std::string text;
    for (const Column& column : table.columns) {
        text += (text.empty() ? "" : ", ") + std::string(column.name);
    }
    return text;
}

/// PgBouncer's letters, one a column.
std::string types(const Table& table) {
    std::string text;
    for (const Column& column : table.columns) {
        text.push_back(static_cast<char>(column.type));
    }
    return text;
}

std::vector<std::string> texts(const Row& row) {
    std::vector<std::string> out;
    for (const Cell& cell : row) {
        out.push_back(cell.value_or("NULL"));
    }
    return out;
}

const std::string kSocketColumns =
    "type, user, database, replication, state, addr, port, local_addr, local_port, connect_time, request_time, wait, wait_us, "
    "close_needed, ptr, link, "
    "remote_pid, tls, application_name, prepared_statements, id";

struct Shape {
    Show show;
    std::string types;
    std::string names;
};

class ShownTable : public testing::TestWithParam<Shape> {};

// Names and types as PgBouncer 1.26 has them; dashboards and scripts read them by name.
TEST_P(ShownTable, HasPgBouncersColumns) {
    const Table table = show({.verb = Verb::kShow, .show = GetParam().show, .argument = "DateStyle"}, Snapshot{}, config::Config{});
    EXPECT_EQ(names(table), GetParam().names);
    EXPECT_EQ(types(table), GetParam().types);
}

INSTANTIATE_TEST_SUITE_P(
    Show, ShownTable,
    testing::Values(
        Shape{Show::kVersion, "s", "version"}, Shape{Show::kClients, "ssssssisiTTiiississii", kSocketColumns},
        Shape{Show::kServers, "ssssssisiTTiiississii", kSocketColumns},
        Shape{
            Show::kSockets, "ssssssisiTTiiississiiiiiiiii",
            kSocketColumns + ", recv_pos, pkt_pos, pkt_remain, send_pos, send_remain, pkt_avail, send_avail"
        },
        Shape{
            Show::kActiveSockets, "ssssssisiTTiiississiiiiiiiii",
            kSocketColumns + ", recv_pos, pkt_pos, pkt_remain, send_pos, send_remain, pkt_avail, send_avail"
        },
        Shape{
            Show::kPools, "ssiiiiiiiiiiiiiss",
            "database, user, cl_active, cl_waiting, cl_active_cancel_req, cl_waiting_cancel_req, sv_active, sv_active_cancel, "
            "sv_being_canceled, sv_idle, "
            "sv_used, sv_tested, sv_login, maxwait, maxwait_us, pool_mode, load_balance_hosts"
        },
        Shape{Show::kPeerPools, "iiiii", "peer_id, cl_active_cancel_req, cl_waiting_cancel_req, sv_active_cancel, sv_login"},
        Shape{Show::kPeers, "isii", "peer_id, host, port, pool_size"},
        Shape{
            Show::kDatabases, "ssissiiiissiiiiii",
            "name, host, port, database, force_user, pool_size, min_pool_size, reserve_pool_size, server_lifetime, pool_mode, "
            "load_balance_hosts, "
            "max_connections, current_connections, max_client_connections, current_client_connections, paused, disabled"
        },
        Shape{
            Show::kUsers, "ssssiiii",
            "name, pool_size, reserve_pool_size, pool_mode, max_user_connections, current_connections, max_user_client_connections, "
            "current_client_connections"
        },
        Shape{Show::kLists, "si", "list, items"}, Shape{Show::kConfig, "ssss", "key, value, default, changeable"},
        Shape{Show::kMem, "siiii", "name, size, used, free, memtotal"}, Shape{Show::kState, "ss", "key, value"},
        Shape{Show::kDnsHosts, "sqs", "hostname, ttl, addrs"}, Shape{Show::kDnsZones, "sqi", "zonename, serial, count"},
        Shape{Show::kParameter, "s", "datestyle"}, Shape{Show::kTotals, "sN", "name, value"},
        Shape{
            Show::kStats, "sNNNNNNNNNNNNNNNNNNNNNNNN",
            "database, total_server_assignment_count, total_xact_count, total_query_count, total_received, total_sent, total_xact_time, "
            "total_query_time, "
            "total_wait_time, total_client_parse_count, total_server_parse_count, total_bind_count, total_client_login_count, "
            "avg_server_assignment_count, avg_xact_count, avg_query_count, avg_recv, avg_sent, avg_xact_time, avg_query_time, "
            "avg_wait_time, "
            "avg_client_parse_count, avg_server_parse_count, avg_bind_count, avg_client_login_count"
        },
        Shape{
            Show::kStatsTotals, "sNNNNNNNNNNNN",
            "database, server_assignment_count, xact_count, query_count, bytes_received, bytes_sent, xact_time, query_time, wait_time, "
            "client_parse_count, "
            "server_parse_count, bind_count, client_login_count"
        },
        Shape{
            Show::kStatsAverages, "sNNNNNNNNNNNN",
            "database, server_assignment_count, xact_count, query_count, bytes_received, bytes_sent, xact_time, query_time, wait_time, "
            "avg_client_parse_count, avg_server_parse_count, avg_bind_count, avg_client_login_count"
        }
    )
);

SocketRow socket() {
    SocketRow row;
    row.user = "alice";
    row.database = "orders";
    row.state = "active";
    row.address = "10.0.0.1";
    row.port = 50000;
    row.local_address = "10.0.0.2";
    row.local_port = 6432;
    row.connect_time = WallTime{std::chrono::seconds{1767225600}};
    row.wait = Microseconds{1500000};
    row.pointer = 0x55d0c0ffee00;
    row.link = 0xab;
    row.remote_pid = 7;
    row.tls = "TLSv1.3/TLS_AES_256_GCM_SHA384";
    row.application_name = "psql";
    row.prepared_statements = 3;
    row.id = 9;
    return row;
}

TEST(ShowClients, PrintsValuesAsPgBouncerDoes) {
    const Table table = show_clients({socket()});
    ASSERT_EQ(table.rows.size(), 1U);
    EXPECT_THAT(
        texts(table.rows[0]),
        ElementsAre(
            "C", "alice", "orders", "none", "active", "10.0.0.1", "50000", "10.0.0.2", "6432", "2026-01-01 00:00:00 UTC", "", "1", "500000",
            "0", "0x55d0c0ffee00", "0xab", "7", "TLSv1.3/TLS_AES_256_GCM_SHA384", "psql", "3", "9"
        )
    );
    SocketRow unlinked = socket();
    unlinked.link = 0;
    unlinked.close_needed = true;
    EXPECT_EQ(show_servers({unlinked}).rows[0][0], "S");
    EXPECT_EQ(show_servers({unlinked}).rows[0][13], "1");
    EXPECT_EQ(show_servers({unlinked}).rows[0][15], "");
}

TEST(ShowSockets, NamesTheSideInTheState) {
    SocketRow fresh = socket();
    fresh.state = "new";
    SocketRow idle = socket();
    idle.state = "idle";
    const Table table = show_sockets({socket(), idle}, {fresh, idle});
    ASSERT_EQ(table.rows.size(), 4U);
    EXPECT_EQ(table.rows[0][4], "cl_active");
    EXPECT_EQ(table.rows[1][4], "cl_active");
    EXPECT_EQ(table.rows[2][4], "sv_login");
    EXPECT_EQ(table.rows[3][4], "sv_idle");
    EXPECT_TRUE(show_active_sockets({socket()}, {idle}).rows.empty());
    SocketRow busy = socket();
    busy.pkt_avail = 5;
    const Table active = show_active_sockets({busy}, {idle});
    ASSERT_EQ(active.rows.size(), 1U);
    EXPECT_EQ(active.rows[0].size(), active.columns.size());
    EXPECT_EQ(active.rows[0][26], "5");
}

TEST(ShowPools, SplitsTheLongestWait) {
    PoolRow pool{
        .database = "orders",
        .user = "alice",
        .cl_active = 1,
        .cl_waiting = 2,
        .cl_active_cancel_req = 3,
        .cl_waiting_cancel_req = 4,
        .sv_active = 5,
        .sv_active_cancel = 6,
        .sv_being_canceled = 7,
        .sv_idle = 8,
        .sv_used = 9,
        .sv_tested = 10,
        .sv_login = 11,
        .max_wait = Microseconds{12000013},
        .pool_mode = config::PoolMode::kTransaction,
        .load_balance_hosts = ""
    };
    EXPECT_THAT(
        texts(show_pools({pool}).rows.at(0)),
        ElementsAre("orders", "alice", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "transaction", "NULL")
    );
    pool.load_balance_hosts = "round-robin";
    EXPECT_EQ(show_pools({pool}).rows[0][16], "round-robin");
}

TEST(ShowDatabases, LeavesNullWhereNothingIsSet) {
    DatabaseRow row;
    row.name = "orders";
    row.database = "orders";
    row.pool_size = 20;
    row.min_pool_size = 1;
    row.reserve_pool_size = 2;
    row.server_lifetime = std::chrono::seconds{3600};
    row.max_connections = 3;
    row.current_connections = 4;
    row.max_client_connections = 5;
    row.current_client_connections = 6;
    row.paused = true;
    EXPECT_THAT(
        texts(show_databases({row}).rows.at(0)),
        ElementsAre("orders", "NULL", "5432", "orders", "NULL", "20", "1", "2", "3600", "NULL", "NULL", "3", "4", "5", "6", "1", "0")
    );
    row.pool_mode = config::PoolMode::kStatement;
    EXPECT_EQ(show_databases({row}).rows[0][9], "statement");
}

TEST(ShowUsers, PadsTheSizes) {
    UserRow row;
    row.name = "alice";
    row.pool_size = 5;
    row.max_user_connections = 1;
    row.current_connections = 2;
    row.max_user_client_connections = 3;
    row.current_client_connections = 4;
    EXPECT_THAT(texts(show_users({row}).rows.at(0)), ElementsAre("alice", "        5", "", "NULL", "1", "2", "3", "4"));
}

TEST(ShowLists, HasPgBouncersRows) {
    ListsRow lists;
    lists.databases = 1;
    lists.dns_pending = 14;
    std::string rows;
    const Table table = show_lists(lists);
    for (const Row& row : table.rows) {
        rows += *row[0] + " ";
    }
    EXPECT_EQ(
        rows,
        "databases users peers pools peer_pools free_clients used_clients login_clients free_servers used_servers dns_names dns_zones "
        "dns_queries dns_pending "
    );
    EXPECT_EQ(table.rows.front()[1], "1");
    EXPECT_EQ(table.rows.back()[1], "14");
}

TEST(ShowState, IsActiveUnlessPausedOrSuspended) {
    const auto values = [](const StateRow& state) {
        const Table table = show_state(state);
        return *table.rows[0][0] + "=" + *table.rows[0][1] + " " + *table.rows[1][0] + "=" + *table.rows[1][1] + " " + *table.rows[2][0] +
               "=" + *table.rows[2][1];
    };
    EXPECT_EQ(values({}), "active=yes paused=no suspended=no");
    EXPECT_EQ(values({.paused = true, .suspended = false, .io_engine = ""}), "active=no paused=yes suspended=no");
    EXPECT_EQ(values({.paused = false, .suspended = true, .io_engine = ""}), "active=no paused=no suspended=yes");
}

TEST(ShowConfig, ShowsValuesDefaultsAndWhatCanChange) {
    config::Config config;
    config.pool_mode = config::PoolMode::kTransaction;
    const Table table = show_config(config);
    const auto row_of = [&](std::string_view key) {
        for (const Row& row : table.rows) {
            if (row[0] == key) {
                return texts(row);
            }
        }
        return std::vector<std::string>{};
    };
    EXPECT_THAT(row_of("pool_mode"), ElementsAre("pool_mode", "transaction", "session", "yes"));
    EXPECT_THAT(row_of("listen_port"), ElementsAre("listen_port", "6432", "6432", "no"));
    EXPECT_THAT(row_of("auth_file"), ElementsAre("auth_file", "NULL", "NULL", "yes"));
    EXPECT_THAT(row_of("logfile"), ElementsAre("logfile", "", "", "yes"));
    EXPECT_THAT(row_of("unix_socket_mode"), ElementsAre("unix_socket_mode", "511", "0777", "no"));
}

TEST(ShowPeers, TakesTheDefaultPoolSize) {
    config::Config config;
    config.peers = {{.id = 1, .host = "/tmp/one", .port = 6432, .pool_size = {}}, {.id = 2, .host = "b", .port = 5, .pool_size = 3}};
    const Table table = show_peers(config);
    EXPECT_THAT(texts(table.rows.at(0)), ElementsAre("1", "/tmp/one", "6432", "20"));
    EXPECT_THAT(texts(table.rows.at(1)), ElementsAre("2", "b", "5", "3"));
}

TEST(ShowMemAndDns, PassTheirRowsOn) {
    EXPECT_THAT(texts(show_mem({{"buffers", 4096, 1, 2, 12288}}).rows.at(0)), ElementsAre("buffers", "4096", "1", "2", "12288"));
    EXPECT_THAT(texts(show_dns_hosts({{"db", 15, "10.0.0.1:0,10.0.0.2:0"}}).rows.at(0)), ElementsAre("db", "15", "10.0.0.1:0,10.0.0.2:0"));
    EXPECT_EQ(show_parameter("CLIENT_encoding").rows.at(0).at(0), "UTF-8");
    EXPECT_EQ(show_version("PgBouncer 1.26.0").rows.at(0).at(0), "PgBouncer 1.26.0");
}

TEST(Welcome, TellsDriversWhatTheyAskFor) {
    EXPECT_THAT(
        welcome_parameters("1.26.0"), ElementsAre(
                                          std::pair{"server_version", "1.26.0/bouncer"}, std::pair{"client_encoding", "UTF8"},
                                          std::pair{"server_encoding", "UTF8"}, std::pair{"DateStyle", "ISO"}, std::pair{"TimeZone", "GMT"},
                                          std::pair{"standard_conforming_strings", "on"}, std::pair{"is_superuser", "on"}
                                      )
    );
}

TEST(Help, NamesEveryCommand) {
    for (const std::string_view word :
         {"SHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION", "PEERS|PEER_POOLS",
          "FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE", "DNS_HOSTS|DNS_ZONES", "STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS", "SET key = arg",
          "RELOAD", "PAUSE [<db>]", "RESUME [<db>]", "DISABLE <db>", "ENABLE <db>", "RECONNECT [<db>]", "KILL [<db>]",
          "KILL_CLIENT <client_id>", "SUSPEND", "SHUTDOWN", "WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS", "WAIT_CLOSE [<db>]"}) {
        EXPECT_THAT(std::string(help_text()), testing::HasSubstr(std::string(word)));
    }
}

}  // namespace
}  // namespace cenote::admin
