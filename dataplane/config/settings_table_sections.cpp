// The parameters of lines in [databases], [users] and [peers], alphabetical.
#include "dataplane/config/setting_row.hpp"

#include <vector>

namespace cenote::config {

std::vector<Setting> database_settings() {
    using D = Database;
    return {
        Row("application_name", &D::application_name, "application_name to set on the server."),
        Row("auth_dbname", &D::auth_dbname, "Overrides auth_dbname.").no_effect_yet(),
        Row("auth_query", &D::auth_query, "Overrides auth_query.").no_effect_yet(),
        Row("auth_user", &D::auth_user, "Overrides auth_user.").no_effect_yet(),
        Row("client_encoding", &D::client_encoding, "client_encoding to ask the server for."),
        Row("connect_query", &D::connect_query, "Query to run on each new server connection before a client gets it."),
        Row("datestyle", &D::datestyle, "datestyle to ask the server for."),
        Row("dbname", &D::dbname, "Database on the server; unset: the same name."),
        Row("host", &D::host,
            "Name or address of the server, or several separated by commas; /dir or @name = unix socket; unset: unix socket in "
            "unix_socket_dir."),
        Row("load_balance_hosts", &D::load_balance_hosts, "How one of several hosts is chosen: in turn, or the first that answers.")
            .no_effect_yet(),
        Row("max_db_client_connections", &D::max_db_client_connections, "Overrides max_db_client_connections."),
        Row("max_db_connections", &D::max_db_connections, "Overrides max_db_connections."),
        Row("min_pool_size", &D::min_pool_size, "Overrides min_pool_size."),
        Row("password", &D::password, "Password for user; unset: the one in auth_file."),
        Row("pool_mode", &D::pool_mode, "Overrides pool_mode."),
        Row("pool_size", &D::pool_size, "Overrides default_pool_size."),
        Row("port", &D::port, "Port of the server.").range(1, 65535),
        Row("query_wait_timeout", &D::query_wait_timeout, "Overrides query_wait_timeout; -1 = unset."),
        Row("reserve_pool_size", &D::reserve_pool_size, "Overrides reserve_pool_size.").alias("reserve_pool"),
        Row("server_lifetime", &D::server_lifetime, "Overrides server_lifetime; 0 = unset."),
        Row("timezone", &D::timezone, "timezone to ask the server for."),
        Row("user", &D::user, "Log in to the server as this user, whoever the client is: one pool for all."),
    };
}

std::vector<Setting> user_settings() {
    using U = User;
    return {
        Row("client_idle_timeout", &U::client_idle_timeout, "Overrides client_idle_timeout; 0 = unset.").no_effect_yet(),
        Row("idle_transaction_timeout", &U::idle_transaction_timeout, "Overrides idle_transaction_timeout; 0 = unset."),
        Row("max_user_client_connections", &U::max_user_client_connections, "Overrides max_user_client_connections."),
        Row("max_user_connections", &U::max_user_connections, "Overrides max_user_connections."),
        Row("pool_mode", &U::pool_mode, "Overrides pool_mode and that of the database."),
        Row("pool_size", &U::pool_size, "Overrides default_pool_size and pool_size of the database."),
        Row("query_timeout", &U::query_timeout, "Overrides query_timeout; 0 = unset."),
        Row("query_wait_timeout", &U::query_wait_timeout, "Overrides query_wait_timeout and that of the database; -1 = unset."),
        Row("reserve_pool_size", &U::reserve_pool_size, "Overrides reserve_pool_size and that of the database."),
        Row("transaction_timeout", &U::transaction_timeout, "Overrides transaction_timeout; 0 = unset."),
    };
}

std::vector<Setting> peer_settings() {
    using P = Peer;
    return {
        Row("host", &P::host, "Address or unix socket directory of the peer.").no_effect_yet(),
        Row("pool_size", &P::pool_size, "Cancel requests that may be on their way to the peer at once.").unset().no_effect_yet(),
        Row("port", &P::port, "Port of the peer.").range(1, 65535).no_effect_yet(),
    };
}

}  // namespace cenote::config
