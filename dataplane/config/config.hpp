// The configuration as one immutable snapshot: what the files, the environment and --set said, checked, in typed fields. Loaded by
// config_loader, shared between threads as shared_ptr<const Config>, never changed after that: a reload makes a new one. One field a
// setting, named as PgBouncer names it (doc: https://www.pgbouncer.org/config.html), so a reader of its manual finds it here. Zero keeps
// PgBouncer's meaning in each field: mostly "off" or "no limit"; settings_table.cpp says it for each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {

enum class PoolMode { kSession, kTransaction, kStatement };
enum class AuthType { kAny, kTrust, kPlain, kMd5, kScramSha256, kCert, kHba, kLdap, kPam };
enum class LoadBalanceHosts { kDisable, kRoundRobin };
enum class IoEngine { kAuto, kEpoll, kUring };

/// "session", "scram-sha-256", "round-robin": the words of the configuration and of the console.
[[nodiscard]] std::string_view to_string(PoolMode mode);
[[nodiscard]] std::string_view to_string(AuthType type);
[[nodiscard]] std::string_view to_string(LoadBalanceHosts policy);
[[nodiscard]] std::string_view to_string(IoEngine engine);

using Microseconds = std::chrono::microseconds;

/// One line of [databases]. An absent optional means "as the [pgbouncer] section says".
struct Database {
    std::string name;
    std::string host;  // one or more names, addresses or socket directories, separated by commas; "" = the default unix socket directory
    int port = 5432;
    std::string dbname;  // name on the server; the loader fills in `name` where the line has none (stays "" in the fallback)
    std::string user;    // "" = the client's own; otherwise every client shares this server user
    std::string password;
    std::string auth_user;
    std::string auth_query;
    std::string auth_dbname;
    std::optional<int> pool_size;
    std::optional<int> min_pool_size;
    std::optional<int> reserve_pool_size;
    std::optional<int> max_db_connections;
    std::optional<int> max_db_client_connections;
    std::optional<PoolMode> pool_mode;
    std::optional<Microseconds> query_wait_timeout;
    std::optional<Microseconds> server_lifetime;
    std::string connect_query;
    LoadBalanceHosts load_balance_hosts = LoadBalanceHosts::kRoundRobin;
    std::string client_encoding;
    std::string datestyle;
    std::string timezone;
    std::string application_name;

    bool operator==(const Database&) const = default;
};

/// One line of [users]. An absent optional means "as the database or the [pgbouncer] section says".
struct User {
    std::string name;
    std::optional<int> pool_size;
    std::optional<int> reserve_pool_size;
    std::optional<PoolMode> pool_mode;
    std::optional<int> max_user_connections;
    std::optional<int> max_user_client_connections;
    std::optional<Microseconds> query_timeout;
    std::optional<Microseconds> query_wait_timeout;
    std::optional<Microseconds> idle_transaction_timeout;
    std::optional<Microseconds> transaction_timeout;
    std::optional<Microseconds> client_idle_timeout;

    bool operator==(const User&) const = default;
};

/// One line of [peers]; read and shown, not used yet.
struct Peer {
    int id = 0;
    std::string host;
    int port = 6432;
    std::optional<int> pool_size;

    bool operator==(const Peer&) const = default;
};

struct Config {
    // Generic
    std::string logfile;
    std::string pidfile;
    std::vector<std::string> listen_addr;  // empty = no TCP; "*" = every address
    int listen_port = 6432;
    std::string unix_socket_dir = "/tmp";  // "" = no unix socket; "@name" = abstract
    int unix_socket_mode = 0777;
    std::string unix_socket_group;
    std::string user;
    std::string conffile;
    std::string job_name = "pgbouncer";  // alias service_name; shown, of no use outside Windows
    PoolMode pool_mode = PoolMode::kSession;
    int max_client_conn = 100;
    int default_pool_size = 20;  // 0 = no limit
    int min_pool_size = 0;
    int reserve_pool_size = 0;
    Microseconds reserve_pool_timeout = std::chrono::seconds{5};
    int max_db_connections = 0;
    int max_db_client_connections = 0;
    int max_user_connections = 0;
    int max_user_client_connections = 0;
    bool server_round_robin = false;
    std::vector<std::string> track_extra_parameters{"IntervalStyle"};
    std::vector<std::string> ignore_startup_parameters;
    int peer_id = 0;
    bool disable_pqexec = false;
    bool application_name_add_host = false;
    Microseconds stats_period = std::chrono::seconds{60};
    int max_prepared_statements = 200;
    int scram_iterations = 4096;
    std::string login_notify_message;
    Microseconds query_wait_notify = std::chrono::seconds{5};

    // Authentication
    AuthType auth_type = AuthType::kMd5;
    std::string auth_file;
    std::string auth_hba_file;
    std::string auth_ident_file;
    std::string auth_user;
    std::string auth_dbname;
    std::string auth_ldap_options;
    std::string auth_query =
        "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid WHERE rolname=$1 AND rolcanlogin";
    std::vector<std::string> admin_users;
    std::vector<std::string> stats_users;

    // Log
    bool syslog = false;
    std::string syslog_ident = "pgbouncer";
    std::string syslog_facility = "daemon";
    bool log_connections = true;
    bool log_disconnections = true;
    bool log_pooler_errors = true;
    bool log_stats = true;
    int verbose = 0;

    // Checks and timeouts; zero = off, save server_lifetime (a connection is used once)
    std::string server_reset_query = "DISCARD ALL";
    bool server_reset_query_always = false;
    Microseconds server_check_delay = std::chrono::seconds{30};
    std::string server_check_query = "<empty>";  // "<empty>" = an empty query; "" = no check
    bool server_fast_close = false;
    Microseconds server_lifetime = std::chrono::hours{1};
    Microseconds server_idle_timeout = std::chrono::seconds{600};
    Microseconds server_connect_timeout = std::chrono::seconds{15};
    Microseconds server_login_retry = std::chrono::seconds{15};
    Microseconds client_login_timeout = std::chrono::seconds{60};
    Microseconds autodb_idle_timeout = std::chrono::seconds{3600};
    Microseconds pool_idle_timeout{0};
    Microseconds dns_max_ttl = std::chrono::seconds{15};
    Microseconds dns_nxdomain_ttl = std::chrono::seconds{15};
    Microseconds dns_zone_check_period{0};
    std::string resolv_conf;
    Microseconds query_timeout{0};
    Microseconds query_wait_timeout = std::chrono::seconds{120};
    Microseconds cancel_wait_timeout = std::chrono::seconds{10};
    Microseconds client_idle_timeout{0};
    Microseconds idle_transaction_timeout{0};
    Microseconds transaction_timeout{0};
    Microseconds suspend_timeout = std::chrono::seconds{10};

    // TLS
    std::string client_tls_sslmode = "disable";
    std::string client_tls_key_file;
    std::string client_tls_cert_file;
    std::string client_tls_ca_file;
    std::string client_tls_protocols = "secure";
    std::string client_tls_ciphers = "default";
    std::string client_tls13_ciphers;
    std::string client_tls_ecdhcurve = "auto";
    std::string client_tls_dheparams = "auto";
    std::string server_tls_sslmode = "prefer";
    std::string server_tls_key_file;
    std::string server_tls_cert_file;
    std::string server_tls_ca_file;
    std::string server_tls_protocols = "secure";
    std::string server_tls_ciphers = "default";
    std::string server_tls13_ciphers;

    // Network
    int pkt_buf = 4096;
    std::int64_t max_packet_size = 2147483647;
    int listen_backlog = 128;
    int sbuf_loopcnt = 5;
    bool so_reuseport = false;
    int tcp_defer_accept = 1;  // not 0: TCP_DEFER_ACCEPT of 45 seconds
    int tcp_socket_buffer = 0;
    bool tcp_keepalive = true;
    int tcp_keepcnt = 0;
    int tcp_keepidle = 0;
    int tcp_keepintvl = 0;
    int tcp_user_timeout = 0;  // milliseconds, as the socket option

    // Cenote's own
    IoEngine io_engine = IoEngine::kAuto;
    int workers = 0;                // 0 = the CPUs the cgroup grants
    Microseconds drain_timeout{0};  // 0 = SIGTERM as PgBouncer does it
    Microseconds drain_delay{0};
    std::string http_listen_addr = "127.0.0.1";
    int http_port = 9127;  // 0 = off
    bool watch_config = true;

    // Sections
    std::map<std::string, Database, std::less<>> databases;  // without the fallback
    std::optional<Database> fallback_database;               // the line "*"
    std::map<std::string, User, std::less<>> users;
    std::vector<Peer> peers;

    // Where it came from
    std::string path;                   // the file of the command line
    std::vector<std::string> files;     // every file that was or will be read: `path`, each %include, auth_file; for the file watch
    std::vector<std::string> warnings;  // "file:line: …" of what is odd but allowed; the app logs them after a load

    /// The line of that name, or nullptr. Never the fallback.
    [[nodiscard]] const Database* find_database(std::string_view name) const;
    /// The line "*", or nullptr.
    [[nodiscard]] const Database* fallback() const { return fallback_database ? &*fallback_database : nullptr; }
    /// The database a client that asks for `name` gets: its own line, or the fallback with name and dbname filled in; nullopt if neither.
    [[nodiscard]] std::optional<Database> resolve_database(std::string_view name) const;
    [[nodiscard]] const User* find_user(std::string_view name) const;

    // Effective values of the pool (database, user); a null user means "no line in [users]". PgBouncer's precedence: the user's over the
    // database's over the general one.
    [[nodiscard]] int pool_size_for(const Database& database, const User* user_line) const;
    // As there, zero in a count of connections, in server_lifetime or in a user's timeout means "not set here".
    [[nodiscard]] int min_pool_size_for(const Database& database) const;  // the pool caps it at its size
    [[nodiscard]] int reserve_pool_size_for(const Database& database, const User* user_line) const;
    [[nodiscard]] PoolMode pool_mode_for(const Database& database, const User* user_line) const;
    [[nodiscard]] int max_db_connections_for(const Database& database) const;
    [[nodiscard]] int max_db_client_connections_for(const Database& database) const;
    [[nodiscard]] int max_user_connections_for(const User* user_line) const;
    [[nodiscard]] int max_user_client_connections_for(const User* user_line) const;
    [[nodiscard]] Microseconds server_lifetime_for(const Database& database) const;
    [[nodiscard]] Microseconds query_wait_timeout_for(const Database& database, const User* user_line) const;
    [[nodiscard]] Microseconds query_timeout_for(const User* user_line) const;
    [[nodiscard]] Microseconds client_idle_timeout_for(const User* user_line) const;
    [[nodiscard]] Microseconds idle_transaction_timeout_for(const User* user_line) const;
    [[nodiscard]] Microseconds transaction_timeout_for(const User* user_line) const;

    bool operator==(const Config&) const = default;
};

}  // namespace cenote::config
