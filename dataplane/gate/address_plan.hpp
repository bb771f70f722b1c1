// In which order the addresses of a pool's hosts are tried, and how much of the time each may take. Pure: names and addresses in, the next
// step out.
//
// host=a,b with two addresses each, turn 0, 1, 2, 3 …: a1 a2 b1 b2 | b1 b2 a1 a2 | a2 a1 b2 b1 | b2 b1 a2 a1 | … so every pair has its turn
// to be first, and whoever comes first is followed by all others.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/net/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cenote::gate {

class AddressPlan {
public:
    struct Next {
        enum class Kind : std::uint8_t { kConnect, kResolve, kNone };
        Kind kind = Kind::kNone;
        net::Address address;  // of kConnect
        std::string host{};    // of kResolve: resolved() or unresolved() follows
    };

    /// hosts: "a, b"; an empty one is the unix socket in socket_dir.
    AddressPlan(const std::string& hosts, int port, const std::string& socket_dir, std::size_t turn);

    [[nodiscard]] Next next();
    void resolved(std::vector<net::Address> addresses);

    /// How long the step that next() gave may take of what is left: an equal part for each that is still to come, as far as is known.
    [[nodiscard]] Duration share(Duration left) const {
        return left / static_cast<Duration::rep>(1 + addresses_.size() + (hosts_.size() - visited_));
    }
    /// The place in the list of the host that next() is at.
    [[nodiscard]] std::size_t host_index() const noexcept { return (turn_ + visited_ + hosts_.size() - 1) % hosts_.size(); }
    [[nodiscard]] int port() const noexcept { return port_; }

private:
    std::vector<std::string> hosts_;
    const int port_;
    const std::size_t turn_;
    std::size_t visited_ = 0;              // hosts
    std::vector<net::Address> addresses_;  // of the host we are at, still to be tried, last first
};

}  // namespace cenote::gate
