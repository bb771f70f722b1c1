// Which PostgreSQL server a pool means: names as the pool's own pods resolve them, and names that turn out to be one server. Pure.
#pragma once

#include "dataplane/base/clock.hpp"

#include <map>
#include <string>
#include <string_view>

namespace cenote::database {

/// The host list as somebody in another namespace has to ask for it: "db" in a pod of namespace shop is "db.shop.svc", as the pod's
/// resolver completes it first. Names with a dot, addresses, socket directories and "localhost" stay. An empty namespace changes nothing.
[[nodiscard]] std::string qualified_hosts(std::string_view hosts, std::string_view ns);

/// The same text for two spellings of one place: case, order, "localhost", a final dot and the cluster's usual domain do not matter.
[[nodiscard]] std::string server_key(std::string_view qualified_hosts, int port);

/// Names that lead to one server: "db.shop", "db.shop.svc" and its address share the slots of one postmaster. What each name's server calls
/// itself (its instance) tells. Owned by whoever keeps budgets; not thread-safe.
class ServerAliases {
public:
    /// Two names that led to one server are held together this much longer: a restart gives a new instance, and the names are not asked at
    /// the same moment. Too long only means that two servers share one budget for a while.
    static constexpr Duration kKeptTogether = std::chrono::minutes(2);

    /// `key`'s server has just said who it is; "" = it cannot tell.
    void seen(const std::string& key, const std::string& instance, TimePoint now);
    /// The one key that stands for all of them; `key` itself when nothing is known.
    [[nodiscard]] std::string canonical(const std::string& key) const;

private:
    struct Name {
        std::string instance;
        std::map<std::string, TimePoint> together;  // other keys that led to the same server, and when last
    };
    std::map<std::string, Name> names_;
};

}  // namespace cenote::database
