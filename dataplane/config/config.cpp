#include "dataplane/config/config.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cenote::config {
namespace {

// PgBouncer's rule for limits and timeouts of a section's line: zero does not switch off, it leaves the general value.
template <class T>
T positive_or(const std::optional<T>& own, T general) {
    return own && *own > T{} ? *own : general;
}

}  // namespace

std::string_view to_string(PoolMode mode) {
    switch (mode) {
        case PoolMode::kSession:
            return "session";
        case PoolMode::kTransaction:
            return "transaction";
        case PoolMode::kStatement:
            return "statement";
    }
    return "session";
}

std::string_view to_string(AuthType type) {
    switch (type) {
        case AuthType::kAny:
            return "any";
        case AuthType::kTrust:
            return "trust";
        case AuthType::kPlain:
            return "plain";
        case AuthType::kMd5:
            return "md5";
        case AuthType::kScramSha256:
            return "scram-sha-256";
        case AuthType::kCert:
            return "cert";
        case AuthType::kHba:
            return "hba";
        case AuthType::kLdap:
            return "ldap";
        case AuthType::kPam:
            return "pam";
    }
    return "md5";
}

std::string_view to_string(IoEngine engine) {
    switch (engine) {
        case IoEngine::kAuto:
            return "auto";
        case IoEngine::kEpoll:
            return "epoll";
        case IoEngine::kUring:
            return "io_uring";
    }
    return "";
}

std::string_view to_string(LoadBalanceHosts policy) { return policy == LoadBalanceHosts::kDisable ? "disable" : "round-robin"; }

const Database* Config::find_database(std::string_view name) const {
    const auto found = databases.find(name);
    return found == databases.end() ? nullptr : &found->second;
}

std::optional<Database> Config::resolve_database(std::string_view name) const {
    if (const Database* own = find_database(name)) {
        return *own;
    }
    if (!fallback_database) {
        return std::nullopt;
    }
    Database made = *fallback_database;
    made.name = name;
    if (made.dbname.empty()) {
        made.dbname = name;
    }
    return made;
}

const User* Config::find_user(std::string_view name) const {
    const auto found = users.find(name);
    return found == users.end() ? nullptr : &found->second;
}

int Config::pool_size_for(const Database& database, const User* user_line) const {
    if (user_line != nullptr && user_line->pool_size) {
        return *user_line->pool_size;
    }
    return database.pool_size.value_or(default_pool_size);
}

int Config::min_pool_size_for(const Database& database) const { return database.min_pool_size.value_or(min_pool_size); }

int Config::reserve_pool_size_for(const Database& database, const User* user_line) const {
    if (user_line != nullptr && user_line->reserve_pool_size) {
        return *user_line->reserve_pool_size;
    }
    return database.reserve_pool_size.value_or(reserve_pool_size);
}

PoolMode Config::pool_mode_for(const Database& database, const User* user_line) const {
    if (user_line != nullptr && user_line->pool_mode) {
        return *user_line->pool_mode;
    }
    return database.pool_mode.value_or(pool_mode);
}

int Config::max_db_connections_for(const Database& database) const { return positive_or(database.max_db_connections, max_db_connections); }

int Config::max_db_client_connections_for(const Database& database) const {
    return positive_or(database.max_db_client_connections, max_db_client_connections);
}

int Config::max_user_connections_for(const User* user_line) const {
    return user_line == nullptr ? max_user_connections : positive_or(user_line->max_user_connections, max_user_connections);
}

int Config::max_user_client_connections_for(const User* user_line) const {
    return user_line == nullptr ? max_user_client_connections
                                : positive_or(user_line->max_user_client_connections, max_user_client_connections);
}

Microseconds Config::server_lifetime_for(const Database& database) const { return positive_or(database.server_lifetime, server_lifetime); }

Microseconds Config::query_wait_timeout_for(const Database& database, const User* user_line) const {
    if (user_line != nullptr && user_line->query_wait_timeout) {
        return *user_line->query_wait_timeout;
    }
    return database.query_wait_timeout.value_or(query_wait_timeout);
}

Microseconds Config::query_timeout_for(const User* user_line) const {
    return user_line == nullptr ? query_timeout : positive_or(user_line->query_timeout, query_timeout);
}

Microseconds Config::client_idle_timeout_for(const User* user_line) const {
    return user_line == nullptr ? client_idle_timeout : positive_or(user_line->client_idle_timeout, client_idle_timeout);
}

Microseconds Config::idle_transaction_timeout_for(const User* user_line) const {
    return user_line == nullptr ? idle_transaction_timeout : positive_or(user_line->idle_transaction_timeout, idle_transaction_timeout);
}

Microseconds Config::transaction_timeout_for(const User* user_line) const {
    return user_line == nullptr ? transaction_timeout : positive_or(user_line->transaction_timeout, transaction_timeout);
}

}  // namespace cenote::config
