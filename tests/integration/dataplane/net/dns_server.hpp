// A small DNS server for tests: answers A and AAAA over UDP from a table, or holds the answer back for good.
#pragma once

#include "dataplane/net/asio.hpp"

#include <boost/asio/ip/udp.hpp>

#include <array>
#include <map>
#include <string>
#include <vector>

namespace cenote::net {

class DnsServer {
public:
    struct Name {
        std::vector<std::string> addresses;  // of either family; none of the asked one: an empty answer
        std::uint32_t ttl = 60;
        bool silent = false;          // never answers
        bool silent_on_ipv6 = false;  // never answers AAAA
        bool fails = false;           // SERVFAIL
    };

    explicit DnsServer(asio::io_context& io);

    /// A name that is not here does not exist (NXDOMAIN).
    std::map<std::string, Name> names;
    /// The questions so far, "A name" or "AAAA name".
    std::vector<std::string> asked;

    [[nodiscard]] std::string address() const;
    /// How often that name was asked for, counting A only.
    [[nodiscard]] int count(const std::string& name) const;
    void stop();

private:
    void receive();
    [[nodiscard]] std::string answer(const std::string& packet);

    asio::ip::udp::socket socket_;
    asio::ip::udp::endpoint from_;
    std::array<char, 1500> buffer_{};
};

}  // namespace cenote::net
