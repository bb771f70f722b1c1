#include "dataplane/app/descriptors.hpp"

#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <fstream>

namespace cenote::app {
namespace {

// Two for each of 64 workers, 64 HTTP connections, and what a process has besides; of a small limit a quarter.
constexpr std::int64_t kOwn = 224;
// Room for logins that is worth having even if max_client_conn is small.
constexpr std::int64_t kFewestLogins = 100;
// What the kernel allows where the hard limit is "unlimited" and does not say.
constexpr std::int64_t kKernelDefault = 1'048'576;

std::int64_t kernel_limit() {
    std::int64_t most = 0;
    return std::ifstream("/proc/sys/fs/nr_open") >> most && most > 0 ? most : kKernelDefault;
}

std::int64_t number(rlim_t value) { return value == RLIM_INFINITY ? kernel_limit() : static_cast<std::int64_t>(value); }

}  // namespace

DescriptorLimit raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    DescriptorLimit result{number(limit.rlim_cur), number(limit.rlim_max), number(limit.rlim_cur)};
    limit.rlim_cur = static_cast<rlim_t>(result.hard);
    if (result.hard > result.soft && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) {
        result.now = result.hard;
    }
    return result;
}

DescriptorShares share_descriptors(std::int64_t limit, std::int64_t max_client_conn, std::int64_t servers) {
    DescriptorShares shares;
    shares.own = std::min(kOwn, limit / 4);
    const auto rest = limit - shares.own;
    shares.servers = std::min(servers, rest / 2);
    const auto sockets = rest - shares.servers;
    const auto spare = sockets - max_client_conn;
    shares.unauthenticated = std::max({std::int64_t{1}, sockets / 8, std::min(spare, std::max(max_client_conn, kFewestLogins))});
    shares.clients = std::min(max_client_conn, sockets - shares.unauthenticated);
    shares.enough = shares.clients == max_client_conn && shares.servers == servers;
    return shares;
}

std::int64_t servers_wanted(const config::Config& config) {
    std::int64_t sum = 0;
    const auto add = [&](const config::Database& line) {
        const std::int64_t most = config.max_db_connections_for(line);
        sum += most > 0 ? most : config.pool_size_for(line, nullptr) + config.reserve_pool_size_for(line, nullptr);
    };
    for (const auto& [name, line] : config.databases) {
        add(line);
    }
    if (const auto* line = config.fallback()) {
        add(*line);
    }
    return sum;
}

std::string describe(const DescriptorLimit& limit, const DescriptorShares& shares, std::int64_t max_client_conn) {
    auto text = fmt::format(
        "open files: {} (limit was {}, hard limit {}); {} kept for servers, at most {} clients", limit.now, limit.soft, limit.hard,
        shares.servers, shares.clients
    );
    if (!shares.enough) {
        text += fmt::format("; too few for max_client_conn = {} and its servers, raise the limit (ulimit -Hn)", max_client_conn);
    }
    return text;
}

}  // namespace cenote::app
