// The settings of [pgbouncer], alphabetical: SHOW CONFIG prints them in this order. Names and which need a restart are PgBouncer's (main.c,
// 1.25 and 1.26), and so are the defaults, which stand in config.hpp; what Cenote adds is marked own(). A setting that starts to work loses
// its no_effect_yet() here and nowhere else.
#include "dataplane/config/setting_row.hpp"

#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

using Words = std::vector<std::string_view>;

}  // namespace

std::vector<Setting> global_settings() {
    using C = Config;
    const Words tls_modes{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
    const Words tls_modes_that_protect{"require", "verify-ca", "verify-full"};
    return {
        Row("admin_users", &C::admin_users, "Users who may run every command of the console, separated by commas."),
        Row("application_name_add_host", &C::application_name_add_host,
            "Add the client's address and port to application_name when a connection starts."),
        Row("auth_dbname", &C::auth_dbname, "Database in which auth_query runs; unset: the one the client asks for.")
            .unset()
            .no_effect_yet(),
        Row("auth_file", &C::auth_file, "File of users and their passwords or secrets, in PgBouncer's userlist.txt form.").unset(),
        Row("auth_hba_file", &C::auth_hba_file, "Rules in pg_hba.conf form, for auth_type hba.").no_effect_yet().refuse({"*"}),
        Row("auth_ident_file", &C::auth_ident_file, "User name maps for auth_type hba.").unset().no_effect_yet(),
        Row("auth_ldap_options", &C::auth_ldap_options, "Options for auth_type ldap.").unset().no_effect_yet(),
        Row("auth_query", &C::auth_query, "Query that fetches the secret of a user who is not in auth_file; needs auth_user.")
            .no_effect_yet(),
        Row("auth_type", &C::auth_type,
            "How clients prove who they are. md5 also takes SCRAM for users whose stored secret is one; any and trust ask for no password.")
            .refuse({"cert", "hba", "ldap", "pam"}),
        Row("auth_user", &C::auth_user, "User who runs auth_query.").unset().no_effect_yet(),
        Row("autodb_idle_timeout", &C::autodb_idle_timeout,
            "Forget a database made from the line \"*\" after this long without use; 0 = never."),
        Row("cancel_wait_timeout", &C::cancel_wait_timeout, "How long a cancel request may wait to be sent; 0 = for ever."),
        Row("client_idle_timeout", &C::client_idle_timeout, "Close clients that are idle for longer; 0 = never.").no_effect_yet(),
        Row("client_login_timeout", &C::client_login_timeout, "Close clients that have not logged in by then; 0 = never."),
        Row("client_tls13_ciphers", &C::client_tls13_ciphers, "TLS 1.3 ciphers for clients.").unset().no_effect_yet(),
        Row("client_tls_ca_file", &C::client_tls_ca_file, "Certificate authorities that client certificates are checked against.")
            .no_effect_yet(),
        Row("client_tls_cert_file", &C::client_tls_cert_file, "Certificate shown to clients.").no_effect_yet(),
        Row("client_tls_ciphers", &C::client_tls_ciphers, "Ciphers for clients up to TLS 1.2.").no_effect_yet(),
        Row("client_tls_dheparams", &C::client_tls_dheparams, "DHE key exchange with clients.").no_effect_yet(),
        Row("client_tls_ecdhcurve", &C::client_tls_ecdhcurve, "Elliptic curve for the key exchange with clients.").no_effect_yet(),
        Row("client_tls_key_file", &C::client_tls_key_file, "Private key of client_tls_cert_file.").no_effect_yet(),
        Row("client_tls_protocols", &C::client_tls_protocols, "TLS versions for clients.").no_effect_yet(),
        Row("client_tls_sslmode", &C::client_tls_sslmode, "TLS with clients. Connections are plain text for now, whatever is allowed here.")
            .no_effect_yet()
            .one_of(tls_modes)
            .refuse(tls_modes_that_protect),
        Row("conffile", &C::conffile, "The configuration file. Changing it makes the next RELOAD read another one.")
            .unset()
            .no_effect_yet(),
        Row("default_pool_size", &C::default_pool_size,
            "Server connections per pool (a database and a user), where neither line says otherwise; 0 = no limit."),
        Row("disable_pqexec", &C::disable_pqexec, "Refuse the simple query protocol.").restart().no_effect_yet().refuse({"1"}),
        Row("dns_max_ttl", &C::dns_max_ttl, "How long a resolved host name is kept."),
        Row("dns_nxdomain_ttl", &C::dns_nxdomain_ttl, "How long it is kept that a host name does not resolve."),
        Row("dns_zone_check_period", &C::dns_zone_check_period, "Look for changed zones this often.").no_effect_yet(),
        Row("drain_delay", &C::drain_delay,
            "While draining: keep serving for this long after /readyz says no, so that endpoints are withdrawn first.")
            .own(),
        Row("drain_timeout", &C::drain_timeout,
            "After SIGTERM: end each client at the end of its transaction, and the rest after this long; 0 = wait for clients, as "
            "PgBouncer does.")
            .own(),
        Row("http_listen_addr", &C::http_listen_addr, "Address of /metrics, /healthz, /readyz and /status.").restart().own(),
        Row("http_port", &C::http_port, "Port of /metrics, /healthz, /readyz and /status; 0 = off.").range(0, 65535).restart().own(),
        Row("idle_transaction_timeout", &C::idle_transaction_timeout,
            "Close clients that are idle in a transaction for longer; 0 = never."),
        Row("ignore_startup_parameters", &C::ignore_startup_parameters,
            "Startup parameters to take no notice of instead of refusing the client, separated by commas."),
        Row("io_engine", &C::io_engine,
            "How workers wait for their sockets: io_uring costs less for each transaction where the kernel and the container allow it; "
            "auto = io_uring if it works here, else epoll.")
            .restart()
            .own(),
        Row("job_name", &C::job_name, "Name of the Windows service; shown only.").alias("service_name").restart().no_effect_yet(),
        Row("listen_addr", &C::listen_addr, "TCP addresses to listen on, separated by commas; * = all; empty = none.").restart(),
        Row("listen_backlog", &C::listen_backlog, "Length of the kernel's queue of new connections.").range(1, 65535).restart(),
        Row("listen_port", &C::listen_port, "Port of the TCP and unix sockets.").range(1, 65535).restart(),
        Row("log_connections", &C::log_connections, "Log logins."),
        Row("log_disconnections", &C::log_disconnections, "Log why connections are closed."),
        Row("log_pooler_errors", &C::log_pooler_errors, "Log the errors that the pooler sends to clients."),
        Row("log_stats", &C::log_stats, "Log a line of statistics every stats_period."),
        Row("logfile", &C::logfile, "Log into this file too."),
        Row("login_notify_message", &C::login_notify_message, "A notice for every client that logs in.").no_effect_yet(),
        Row("max_client_conn", &C::max_client_conn, "Client connections in all."),
        Row("max_db_client_connections", &C::max_db_client_connections, "Client connections per database; 0 = no limit."),
        Row("max_db_connections", &C::max_db_connections, "Server connections per database, over all its users; 0 = no limit."),
        Row("max_packet_size", &C::max_packet_size, "Largest message a client or server may send.").range(1, kIntMax),
        Row("max_prepared_statements", &C::max_prepared_statements,
            "Named prepared statements kept on each server connection, so that they work in transaction pooling.")
            .no_effect_yet(),
        Row("max_user_client_connections", &C::max_user_client_connections, "Client connections per user; 0 = no limit."),
        Row("max_user_connections", &C::max_user_connections, "Server connections per user, over all databases; 0 = no limit."),
        Row("min_pool_size", &C::min_pool_size,
            "Server connections kept open in a pool that is in use or has its user set; capped at the pool's size."),
        Row("peer_id", &C::peer_id, "This process's number among its peers; 0 = none.").range(0, 16383).no_effect_yet(),
        Row("pidfile", &C::pidfile, "Write the process id into this file.").restart(),
        Row("pkt_buf", &C::pkt_buf, "PgBouncer's buffer size; Cenote lends buffers only while bytes are in flight.")
            .range(1, kIntMax)
            .restart()
            .no_effect_yet(),
        Row("pool_idle_timeout", &C::pool_idle_timeout, "Forget a pool without connections after this long; 0 = never."),
        Row("pool_mode", &C::pool_mode,
            "When a server connection goes back to its pool: after the client leaves, after each transaction, or after each statement."),
        Row("query_timeout", &C::query_timeout, "Close the connection of a query that runs for longer; 0 = never."),
        Row("query_wait_notify", &C::query_wait_notify, "Tell a waiting client by a notice after this long; 0 = never.").no_effect_yet(),
        Row("query_wait_timeout", &C::query_wait_timeout, "Close clients that have waited this long for a server connection; 0 = never."),
        Row("reserve_pool_size", &C::reserve_pool_size, "Server connections a pool may open beyond its size when clients wait too long."),
        Row("reserve_pool_timeout", &C::reserve_pool_timeout, "How long a client waits before the reserve is used; 0 = never use it."),
        Row("resolv_conf", &C::resolv_conf, "A resolv.conf of its own.").restart(),
        Row("sbuf_loopcnt", &C::sbuf_loopcnt, "PgBouncer's rounds on one connection before others have their turn.").no_effect_yet(),
        Row("scram_iterations", &C::scram_iterations, "Iterations of SCRAM secrets made from plain-text passwords.").range(1, kIntMax),
        Row("server_check_delay", &C::server_check_delay, "A server connection used more recently than this is not checked before use."),
        Row("server_check_query", &C::server_check_query,
            "Query that checks a server connection before use; <empty> = an empty query; nothing = no check."),
        Row("server_connect_timeout", &C::server_connect_timeout,
            "Give up on a server connection that has not logged in by then; 0 = never."),
        Row("server_fast_close", &C::server_fast_close,
            "In session pooling, close obsolete server connections between transactions, not when the client leaves."),
        Row("server_idle_timeout", &C::server_idle_timeout, "Close server connections that are idle for longer; 0 = never."),
        Row("server_lifetime", &C::server_lifetime,
            "Close server connections that are older, as soon as they are free; 0 = use each once."),
        Row("server_login_retry", &C::server_login_retry, "After a failed login on the server, wait this long before the next."),
        Row("server_reset_query", &C::server_reset_query,
            "Query that cleans a server connection before the next client gets it; in session pooling only, unless "
            "server_reset_query_always."),
        Row("server_reset_query_always", &C::server_reset_query_always, "Run server_reset_query in every pool mode."),
        Row("server_round_robin", &C::server_round_robin, "Use the server connection that has been idle longest, not shortest."),
        Row("server_tls13_ciphers", &C::server_tls13_ciphers, "TLS 1.3 ciphers for servers.").unset().no_effect_yet(),
        Row("server_tls_ca_file", &C::server_tls_ca_file, "Certificate authorities that server certificates are checked against.")
            .no_effect_yet(),
        Row("server_tls_cert_file", &C::server_tls_cert_file, "Certificate shown to servers.").no_effect_yet(),
        Row("server_tls_ciphers", &C::server_tls_ciphers, "Ciphers for servers up to TLS 1.2.").no_effect_yet(),
        Row("server_tls_key_file", &C::server_tls_key_file, "Private key of server_tls_cert_file.").no_effect_yet(),
        Row("server_tls_protocols", &C::server_tls_protocols, "TLS versions for servers.").no_effect_yet(),
        Row("server_tls_sslmode", &C::server_tls_sslmode,
            "TLS with servers. Connections are plain text for now, whatever is preferred here.")
            .no_effect_yet()
            .one_of(tls_modes)
            .refuse(tls_modes_that_protect),
        Row("so_reuseport", &C::so_reuseport,
            "Set SO_REUSEPORT on the TCP listening sockets, so that several processes can share the port.")
            .restart(),
        Row("stats_period", &C::stats_period, "How often averages are made and logged.").range(1, kIntMax),
        Row("stats_users", &C::stats_users, "Users who may run the SHOW commands of the console, separated by commas."),
        Row("suspend_timeout", &C::suspend_timeout, "How long SUSPEND waits for connections to come to rest.").no_effect_yet(),
        Row("syslog", &C::syslog, "Log to syslog.").no_effect_yet(),
        Row("syslog_facility", &C::syslog_facility, "Facility for syslog.")
            .one_of({"auth", "authpriv", "daemon", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"})
            .no_effect_yet(),
        Row("syslog_ident", &C::syslog_ident, "Program name for syslog.").no_effect_yet(),
        Row("tcp_defer_accept", &C::tcp_defer_accept, "Set TCP_DEFER_ACCEPT (45 seconds) on the listening sockets; 0 = off."),
        Row("tcp_keepalive", &C::tcp_keepalive, "Use TCP keepalive."),
        Row("tcp_keepcnt", &C::tcp_keepcnt, "Keepalive probes before a connection counts as lost; 0 = the system's."),
        Row("tcp_keepidle", &C::tcp_keepidle, "Seconds of silence before the first keepalive probe; 0 = the system's."),
        Row("tcp_keepintvl", &C::tcp_keepintvl, "Seconds between keepalive probes; 0 = the system's."),
        Row("tcp_socket_buffer", &C::tcp_socket_buffer, "Size of the kernel's socket buffers; 0 = the system's.").no_effect_yet(),
        Row("tcp_user_timeout", &C::tcp_user_timeout, "Milliseconds that sent data may stay unacknowledged; 0 = the system's."),
        Row("track_extra_parameters", &C::track_extra_parameters,
            "Parameters to keep per client besides client_encoding, datestyle, timezone, standard_conforming_strings and application_name.")
            .restart(),
        Row("transaction_timeout", &C::transaction_timeout, "Close clients whose transaction lasts longer; 0 = never."),
        Row("unix_socket_dir", &C::unix_socket_dir,
            "Directory of the unix socket, also for servers without a host; @name = abstract; empty = none.")
            .restart(),
        Row("unix_socket_group", &C::unix_socket_group, "Group that owns the unix socket.").restart().no_effect_yet(),
        Row("unix_socket_mode", &C::unix_socket_mode, "File mode of the unix socket.")
            .shown_default("0777")
            .octal()
            .range(0, 07777)
            .restart(),
        Row("user", &C::user, "Change to this user of the system after the start; needs root.").unset().restart(),
        Row("verbose", &C::verbose, "Log more: 1, 2, 3.").unset(),
        Row("watch_config", &C::watch_config, "Reload by itself when a configuration file changes.").own(),
        Row("workers", &C::workers, "Threads that serve connections; 0 = as many as the CPUs the control group grants.")
            .range(0, 1024)
            .restart()
            .own(),
    };
}

}  // namespace cenote::config
