// What a PostgreSQL server can give, and who holds how much of it now. Read by one short connection; nothing is kept open.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"
#include "operator/database/connection.hpp"

#include <map>
#include <set>
#include <string>

namespace cenote::database {

struct Capacity {
    std::string version;  // server_version, "16.4"
    int max_connections = 0;
    int superuser_reserved_connections = 0;
    int reserved_connections = 0;             // PostgreSQL 16 and later, else 0
    std::string instance;                     // the postmaster's start, to the microsecond: two names with one value are one server
    std::map<std::string, int> held_by_role;  // open client connections by role, this reader's own left out

    bool operator==(const Capacity&) const = default;
};

/// Blocks its thread for at most `timeout`, name resolution included.
[[nodiscard]] Result<Capacity> read_capacity(const Target& target, Duration timeout);

/// The rows of the two queries as a Capacity. Pure.
[[nodiscard]] Result<Capacity> make_capacity(const Rows& settings, const Rows& held);

/// How many connections belong to others than our pools. Pure.
///
/// A pooled connection cannot be told from a direct one by what the server shows everybody: application_name is the last
/// client's, and the client address is hidden from other roles and blurred by NAT. So: of the connections held by the roles our pools log
/// in with, as many as those pools are allowed at present (`charged`) are taken for theirs; whatever is beyond, and every other
/// role's, is somebody else's. The count is never lower than what others surely hold; a direct connection under a pool's own role is seen
/// once the pool is full, which is when it matters, and until then reserveForDirect covers it.
[[nodiscard]] int held_by_others(const Capacity& capacity, const std::set<std::string>& pool_roles, int charged);

}  // namespace cenote::database
