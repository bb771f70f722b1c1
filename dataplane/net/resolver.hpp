// Host names to addresses, remembered for a while. Names are looked up side by side, so a slow one holds up no other; those who ask for
// one name share one query. Nothing sticks: each answer, good or bad, has its time.
//
// Lives on the thread of the io_context it is given. resolve() and cancel() may be called from any thread; answers come on its own.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/net/asio.hpp"
#include "dataplane/net/dns_query.hpp"
#include "dataplane/net/socket.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::net {

class Resolver {
public:
    /// The addresses with their port, or an error that names the host (SQLSTATE 08006).
    using Answer = std::function<void(Result<std::vector<Address>>)>;
    using Ticket = std::uint64_t;

    struct Times {
        std::chrono::microseconds ttl;      // dns_max_ttl: an answer is kept no longer, and not longer than its own TTL if that is shorter
        std::chrono::microseconds bad_ttl;  // dns_nxdomain_ttl: how long "no such name" is kept; other failures a second at most
        std::chrono::microseconds limit;    // the asker waits no longer; above kLongest, or 0, means kLongest
    };
    static constexpr std::chrono::seconds kLongest{15};

    explicit Resolver(asio::io_context& io, DnsSettings settings = {});
    /// Who still waits gets no answer.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The answer comes once, never from within this call.
    Ticket resolve(std::string host, int port, Times times, Answer answer);
    /// No answer begins after this; on another thread one may be under way. A query that nobody waits for is given up.
    void cancel(Ticket ticket);

    struct Known {
        std::string host;
        std::int64_t seconds_left = 0;  // 0: asked anew when next needed
        std::string addresses;
    };
    /// SHOW DNS_HOSTS. On the resolver's thread.
    [[nodiscard]] std::vector<Known> known() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cenote::net
