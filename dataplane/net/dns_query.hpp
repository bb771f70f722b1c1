// One name being looked up: /etc/hosts, then DNS, with resolv.conf's servers, search domains and ndots. The one place that knows c-ares.
//
// Each query has a c-ares channel of its own: none waits for another, each can be given up alone, and an edited resolv.conf or /etc/hosts
// counts from the next query on. Owned by who started it, used on the thread of its io_context only.
#pragma once

#include "dataplane/net/asio.hpp"
#include "dataplane/net/socket.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace cenote::net {

struct DnsSettings {
    std::string resolv_conf{};  // a file; empty: the system's
    std::string servers{};      // "address:port,…" in place of resolv.conf's; empty: those
    // For the first of kDnsTries rounds over all servers; each later one waits twice as long as the one before.
    std::chrono::milliseconds first_timeout{2000};
};

inline constexpr int kDnsTries = 2;

class DnsQuery {
public:
    struct Found {
        std::vector<Address> addresses;  // at least one, none twice, each with port 0
        std::chrono::seconds ttl{0};     // the shortest of theirs; 0 for what stands in /etc/hosts
    };
    struct Failed {
        std::string reason;
        bool no_such_name = false;  // said by who knows; otherwise nobody could be asked
    };
    using Done = std::function<void(std::variant<Found, Failed>)>;

    /// done is called once, later, from the io_context; never after the DnsQuery is gone. It may destroy the DnsQuery.
    DnsQuery(asio::io_context& io, const DnsSettings& settings, const std::string& host, Done done);
    ~DnsQuery();
    DnsQuery(const DnsQuery&) = delete;
    DnsQuery& operator=(const DnsQuery&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cenote::net
