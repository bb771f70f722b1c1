// SHOW DATABASES, USERS.
#include "dataplane/admin/cells.hpp"
#include "dataplane/admin/show.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace cenote::admin {

using enum ColumnType;

Table show_databases(const std::vector<DatabaseRow>& databases) {
    Table table;
    table.columns = {
        {"name", kText},
        {"host", kText},
        {"port", kInt4},
        {"database", kText},
        {"force_user", kText},
        {"pool_size", kInt4},
        {"min_pool_size", kInt4},
        {"reserve_pool_size", kInt4},
        {"server_lifetime", kInt4},
        {"pool_mode", kText},
        {"load_balance_hosts", kText},
        {"max_connections", kInt4},
        {"current_connections", kInt4},
        {"max_client_connections", kInt4},
        {"current_client_connections", kInt4},
        {"paused", kInt4},
        {"disabled", kInt4},
    };
    for (const DatabaseRow& database : databases) {
        table.rows.push_back({
            text(database.name),
            null_if_empty(database.host),
            number(database.port),
            text(database.database),
            null_if_empty(database.force_user),
            number(database.pool_size),
            number(database.min_pool_size),
            number(database.reserve_pool_size),
            whole_seconds(database.server_lifetime),
            mode_or_null(database.pool_mode),
            null_if_empty(database.load_balance_hosts),
            number(database.max_connections),
            number(database.current_connections),
            number(database.max_client_connections),
            number(database.current_client_connections),
            flag(database.paused),
            flag(database.disabled),
        });
    }
    return table;
}

Table show_users(const std::vector<UserRow>& users) {
    Table table;
    table.columns = {
        {"name", kText},
        {"pool_size", kText},
        {"reserve_pool_size", kText},
        {"pool_mode", kText},
        {"max_user_connections", kInt4},
        {"current_connections", kInt4},
        {"max_user_client_connections", kInt4},
        {"current_client_connections", kInt4},
    };
    // PgBouncer sends the sizes as texts of nine places, and an empty text where the user has none.
    const auto size = [](const std::optional<int>& value) { return value ? fmt::format("{:9}", *value) : std::string(); };
    for (const UserRow& user : users) {
        table.rows.push_back({
            text(user.name),
            size(user.pool_size),
            size(user.reserve_pool_size),
            mode_or_null(user.pool_mode),
            number(user.max_user_connections),
            number(user.current_connections),
            number(user.max_user_client_connections),
            number(user.current_client_connections),
        });
    }
    return table;
}

}  // namespace cenote::admin
