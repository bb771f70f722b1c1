#include "dataplane/gate/address_plan.hpp"

#include <algorithm>

namespace cenote::gate {
namespace {

std::vector<std::string> split_hosts(const std::string& hosts, const std::string& socket_dir) {
    std::vector<std::string> all;
    std::size_t from = 0;
    while (from <= hosts.size()) {
        const auto comma = std::min(hosts.find(',', from), hosts.size());
        const auto host = hosts.substr(from, comma - from);
        const auto first = host.find_first_not_of(' ');
        if (first != std::string::npos) {
            all.push_back(host.substr(first, host.find_last_not_of(' ') - first + 1));
        } else {
            all.push_back(socket_dir.empty() ? "/tmp" : socket_dir);  // PgBouncer's rule
        }
        from = comma + 1;
    }
    return all;
}

}  // namespace

AddressPlan::AddressPlan(const std::string& hosts, int port, const std::string& socket_dir, std::size_t turn)
    : hosts_(split_hosts(hosts, socket_dir)), port_(port), turn_(turn) {}

AddressPlan::Next AddressPlan::next() {
    Next next;
    if (addresses_.empty() && visited_ < hosts_.size()) {
        const std::string& host = hosts_[(turn_ + visited_++) % hosts_.size()];
        const auto literal = net::literal_address(host, port_);
        if (!literal) {
            next.kind = Next::Kind::kResolve;
            next.host = host;
            return next;
        }
        addresses_.push_back(*literal);
    }
    if (!addresses_.empty()) {
        next.kind = Next::Kind::kConnect;
        next.address = addresses_.back();
        addresses_.pop_back();
    }
    return next;
}

void AddressPlan::resolved(std::vector<net::Address> addresses) {
    addresses_ = std::move(addresses);
    if (!addresses_.empty()) {
        const auto first = static_cast<std::ptrdiff_t>(turn_ / hosts_.size() % addresses_.size());
        std::rotate(addresses_.begin(), addresses_.begin() + first, addresses_.end());
        std::reverse(addresses_.begin(), addresses_.end());
    }
}

}  // namespace cenote::gate
