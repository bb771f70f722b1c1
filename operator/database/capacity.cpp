#include "operator/database/capacity.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cenote::database {
namespace {

// current_setting(…, true) gives NULL for a setting the server does not have (reserved_connections before 16).
constexpr const char* kSettings =
    "SELECT current_setting('server_version'), current_setting('max_connections'), current_setting('superuser_reserved_connections'), "
    "coalesce(current_setting('reserved_connections', true), '0'), "
    "coalesce(extract(epoch from pg_postmaster_start_time())::numeric(20, 6)::text, '')";

// Only client backends use up max_connections: walsenders have max_wal_senders (since 12), workers their own slots. backend_type is NULL
// for other roles' sessions unless one is in pg_read_all_stats; those are counted, to err on the safe side.
constexpr const char* kHeld =
    "SELECT coalesce(usename, ''), count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usesysid IS NOT NULL "
    "AND coalesce(application_name, '') <> 'cenote-operator' AND coalesce(backend_type, 'client backend') = 'client backend' GROUP BY 1";

std::optional<int> number(const std::optional<std::string>& cell) {
    if (!cell) {
        return std::nullopt;
    }
    int value = 0;
    const auto [end, code] = std::from_chars(cell->data(), cell->data() + cell->size(), value);
    if (code != std::errc{} || end != cell->data() + cell->size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

Result<Capacity> make_capacity(const Rows& settings, const Rows& held) {
    if (settings.size() != 1 || settings[0].size() != 5 || !settings[0][0]) {
        return Error{"the server's answer about its settings is not understood"};
    }
    const Row& row = settings[0];
    const auto max_connections = number(row[1]);
    const auto superuser_reserved = number(row[2]);
    const auto reserved = number(row[3]);
    if (!max_connections || !superuser_reserved || !reserved) {
        return Error{"the server's answer about its settings is not understood"};
    }
    Capacity capacity;
    // "15.6 (Debian 15.6-0+deb12u1)": the packager's part says nothing here.
    capacity.version = row[0]->substr(0, row[0]->find(' '));
    capacity.max_connections = *max_connections;
    capacity.superuser_reserved_connections = *superuser_reserved;
    capacity.reserved_connections = *reserved;
    capacity.instance = row[4].value_or("");
    for (const Row& entry : held) {
        const auto count = entry.size() == 2 ? number(entry[1]) : std::nullopt;
        if (!count) {
            return Error{"the server's answer about its sessions is not understood"};
        }
        capacity.held_by_role[entry[0].value_or("")] += *count;
    }
    return capacity;
}

Result<Capacity> read_capacity(const Target& target, Duration timeout) {
    const TimePoint deadline = Clock::now() + timeout;
    auto connection = Connection::open(target, deadline);
    if (!connection) {
        return connection.error();
    }
    auto settings = connection->query(kSettings, deadline);
    if (!settings) {
        return settings.error();
    }
    auto held = connection->query(kHeld, deadline);
    if (!held) {
        return held.error();
    }
    return make_capacity(*settings, *held);
}

int held_by_others(const Capacity& capacity, const std::set<std::string>& pool_roles, int charged) {
    int ours = 0;
    int others = 0;
    for (const auto& [role, count] : capacity.held_by_role) {
        (pool_roles.contains(role) ? ours : others) += count;
    }
    return others + std::max(0, ours - std::max(0, charged));
}

}  // namespace cenote::database
