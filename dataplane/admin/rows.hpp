// What the console shows, as plain values: the process's owner thread collects a Snapshot from its workers, the table builders turn it into
// columns. No pointers into live objects, so a Snapshot may outlive everything it describes. Times of sockets are wall clock, since people
// read them.
#pragma once

#include "dataplane/config/config.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cenote::admin {

using WallTime = std::chrono::system_clock::time_point;
using config::Microseconds;

/// A client or a server connection. `state` is PgBouncer's word: clients active, idle, waiting, active_cancel_req, waiting_cancel_req;
/// servers active, idle, used, tested, new, active_cancel, being_canceled.
struct SocketRow {
    std::string user;
    std::string database;
    std::string replication = "none";  // none, logical, physical
    std::string state;
    std::string address;  // "unix" for unix sockets
    int port = 0;
    std::string local_address;
    int local_port = 0;
    WallTime connect_time;
    WallTime request_time;  // the epoch (default) where nothing was asked yet: shown empty
    Microseconds wait{0};   // of a waiting client, otherwise 0
    bool close_needed = false;
    std::uint64_t pointer = 0;  // any number that names this connection and no other at the time; shown as 0x…
    std::uint64_t link = 0;     // the pointer of the other side, 0 = none
    int remote_pid = 0;
    std::string tls;  // "TLSv1.3/TLS_AES_256_GCM_SHA384", "" without TLS
    std::string application_name;
    int prepared_statements = 0;
    std::int64_t id = 0;  // what KILL_CLIENT takes
    // SHOW SOCKETS only: buffer positions
    int recv_pos = 0;
    int pkt_pos = 0;
    int pkt_remain = 0;
    int send_pos = 0;
    int send_remain = 0;
    int pkt_avail = 0;
    int send_avail = 0;
};
using ClientRow = SocketRow;
using ServerRow = SocketRow;

struct PoolRow {
    std::string database;
    std::string user;
    int cl_active = 0;
    int cl_waiting = 0;
    int cl_active_cancel_req = 0;
    int cl_waiting_cancel_req = 0;
    int sv_active = 0;
    int sv_active_cancel = 0;
    int sv_being_canceled = 0;
    int sv_idle = 0;
    int sv_used = 0;
    int sv_tested = 0;
    int sv_login = 0;
    Microseconds max_wait{0};  // of the client that waits longest
    config::PoolMode pool_mode = config::PoolMode::kSession;
    std::string load_balance_hosts;  // "" (shown as NULL) unless the database has several hosts
};

/// A line of [databases], or one made from "*", or the console itself. Limits are effective values.
struct DatabaseRow {
    std::string name;
    std::string host;  // "" = NULL (unix socket)
    int port = 5432;
    std::string database;    // name on the server
    std::string force_user;  // "" = NULL
    int pool_size = 0;
    int min_pool_size = 0;
    int reserve_pool_size = 0;
    Microseconds server_lifetime{0};
    std::optional<config::PoolMode> pool_mode;  // NULL unless the line sets it
    std::string load_balance_hosts;             // "" = NULL
    int max_connections = 0;
    int current_connections = 0;
    int max_client_connections = 0;
    int current_client_connections = 0;
    bool paused = false;
    bool disabled = false;
};

/// A line of [users] or a user seen at login.
struct UserRow {
    std::string name;
    std::optional<int> pool_size;
    std::optional<int> reserve_pool_size;
    std::optional<config::PoolMode> pool_mode;
    int max_user_connections = 0;
    int current_connections = 0;
    int max_user_client_connections = 0;
    int current_client_connections = 0;
};

/// Counters that only grow; times in microseconds as the console shows them.
struct StatsCounters {
    std::uint64_t server_assignment_count = 0;
    std::uint64_t xact_count = 0;
    std::uint64_t query_count = 0;
    std::uint64_t client_bytes = 0;  // "received": from clients
    std::uint64_t server_bytes = 0;  // "sent": to clients
    std::uint64_t xact_time = 0;
    std::uint64_t query_time = 0;
    std::uint64_t wait_time = 0;
    std::uint64_t client_parse_count = 0;
    std::uint64_t server_parse_count = 0;
    std::uint64_t bind_count = 0;
    std::uint64_t client_login_count = 0;

    StatsCounters& operator+=(const StatsCounters& other);
    bool operator==(const StatsCounters&) const = default;
};

/// Averages of the growth between two readings, PgBouncer's rule: counts and bytes are a second; xact_time is a transaction, query_time a
/// query and wait_time a server assignment, in microseconds. All zero if no time has passed.
[[nodiscard]] StatsCounters averages(const StatsCounters& older, const StatsCounters& newer, Microseconds elapsed);

struct StatsRow {
    std::string database;
    StatsCounters total;
    StatsCounters average;
};

/// SHOW LISTS.
struct ListsRow {
    int databases = 0;
    int users = 0;
    int peers = 0;
    int pools = 0;
    int peer_pools = 0;
    int free_clients = 0;
    int used_clients = 0;
    int login_clients = 0;
    int free_servers = 0;
    int used_servers = 0;
    int dns_names = 0;
    int dns_zones = 0;
    int dns_queries = 0;
    int dns_pending = 0;
};

/// SHOW STATE.
struct StateRow {
    bool paused = false;
    bool suspended = false;
    std::string io_engine;  // a row behind PgBouncer's; "" = none
};

/// SHOW MEM: one kind of object.
struct MemoryRow {
    std::string name;
    int size = 0;
    int used = 0;
    int free = 0;
    std::int64_t total = 0;
};

/// SHOW DNS_HOSTS.
struct DnsRow {
    std::string hostname;
    std::int64_t ttl = 0;   // seconds left
    std::string addresses;  // separated by commas
};

/// Everything the SHOW commands may need, taken at one moment as nearly as workers allow. Fill only what the asked command shows.
struct Snapshot {
    std::string version;  // first line of --version, as SHOW VERSION must say it
    std::vector<ClientRow> clients;
    std::vector<ServerRow> servers;
    std::vector<PoolRow> pools;
    std::vector<DatabaseRow> databases;
    std::vector<UserRow> users;
    std::vector<StatsRow> stats;
    ListsRow lists;
    StateRow state;
    std::vector<MemoryRow> memory;
    std::vector<DnsRow> dns;
};

}  // namespace cenote::admin
