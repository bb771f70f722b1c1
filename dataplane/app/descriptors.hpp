// How the process' open files are shared out: a flood of clients must not take the descriptors that servers need. The sharing is pure; the
// limit itself is raised once, at the start, before there are threads.
#pragma once

#include "dataplane/config/config.hpp"

#include <cstdint>
#include <string>

namespace cenote::app {

struct DescriptorLimit {
    std::int64_t soft = 0;  // as it was
    std::int64_t hard = 0;
    std::int64_t now = 0;  // what may be open from now on
};

/// Raises the soft limit of open files to the hard one.
DescriptorLimit raise_descriptor_limit();

struct DescriptorShares {
    std::int64_t own = 0;              // listening sockets, log, event loops, HTTP
    std::int64_t servers = 0;          // kept for servers
    std::int64_t clients = 0;          // clients that have logged in, at most; never more than max_client_conn
    std::int64_t unauthenticated = 0;  // sockets on their way there, at most; beyond it the oldest is to go
    bool enough = false;               // for max_client_conn and for all servers

    bool operator==(const DescriptorShares&) const = default;
};

/// limit: how many may be open. servers: how many the pools may come to have (servers_wanted). Servers get what they need, up to half of
/// what is left after our own; of the rest an eighth stays free for clients that have not logged in yet.
[[nodiscard]] DescriptorShares share_descriptors(std::int64_t limit, std::int64_t max_client_conn, std::int64_t servers);

/// How many servers the configuration speaks of: for each database its limit, or one pool with its reserve where it has none. A pool more
/// (another user's, or a database of "*") is not foreseen.
[[nodiscard]] std::int64_t servers_wanted(const config::Config& config);

/// One line for the log: the limit and what it allows.
[[nodiscard]] std::string describe(const DescriptorLimit& limit, const DescriptorShares& shares, std::int64_t max_client_conn);

}  // namespace cenote::app
