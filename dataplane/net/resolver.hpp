// Host names to addresses, kept for dns_max_ttl. Lives on the control thread's io_context; resolve() may be called from any thread, the
// answer comes back on the control thread. Names are asked again after their time whatever the answer was, so nothing sticks.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/net/asio.hpp"
#include "dataplane/net/socket.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::net {

class Resolver {
public:
    using Answer = std::function<void(Result<std::vector<Address>>)>;

    explicit Resolver(asio::io_context& io);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// ttl: dns_max_ttl for an answer; bad_ttl: dns_nxdomain_ttl for none. The port is set in each address.
    void resolve(std::string host, int port, std::chrono::microseconds ttl, std::chrono::microseconds bad_ttl, Answer answer);

    struct Known {
        std::string host;
        std::int64_t seconds_left = 0;
        std::string addresses;
    };
    /// Control thread only.
    [[nodiscard]] std::vector<Known> known() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cenote::net
