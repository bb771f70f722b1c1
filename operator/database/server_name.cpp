#include "operator/database/server_name.hpp"

#include "operator/database/resolver.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace cenote::database {
namespace {

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

void drop_suffix(std::string& text, std::string_view suffix) {
    if (text.size() > suffix.size() && text.ends_with(suffix)) {
        text.resize(text.size() - suffix.size());
    }
}

std::string canonical_host(std::string host) {
    std::transform(host.begin(), host.end(), host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    drop_suffix(host, ".");
    if (host.ends_with(".svc.cluster.local")) {
        drop_suffix(host, ".cluster.local");
    }
    return host == "localhost" ? "127.0.0.1" : host;
}

}  // namespace

std::string qualified_hosts(std::string_view hosts, std::string_view ns) {
    std::vector<std::string> parts = split_hosts(hosts);
    for (std::string& host : parts) {
        const bool stays =
            ns.empty() || host.front() == '/' || host == "localhost" || host.find('.') != std::string::npos || is_address(host);
        if (!stays) {
            host = fmt::format("{}.{}.svc", host, ns);
        }
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

std::string server_key(std::string_view qualified_hosts, int port) {
    std::vector<std::string> hosts = split_hosts(qualified_hosts);
    std::transform(hosts.begin(), hosts.end(), hosts.begin(), canonical_host);
    std::sort(hosts.begin(), hosts.end());
    return fmt::format("{}:{}", fmt::join(hosts, ","), port);
}

void ServerAliases::seen(const std::string& key, const std::string& instance, TimePoint now) {
    Name& name = names_[key];
    name.instance = instance;
    if (instance.empty()) {
        return;
    }
    for (auto& [other_key, other] : names_) {
        if (other_key != key && other.instance == instance) {
            name.together[other_key] = now;
            other.together[key] = now;
        }
    }
    std::erase_if(name.together, [&](const auto& entry) {
        const bool apart = now - entry.second > kKeptTogether;
        if (apart) {
            names_[entry.first].together.erase(key);
        }
        return apart;
    });
}

std::string ServerAliases::canonical(const std::string& key) const {
    std::set<std::string> group{key};
    std::vector<std::string> open{key};
    while (!open.empty()) {
        const auto name = names_.find(open.back());
        open.pop_back();
        if (name == names_.end()) {
            continue;
        }
        for (const auto& [other, at] : name->second.together) {
            if (group.insert(other).second) {
                open.push_back(other);
            }
        }
    }
    return *group.begin();
}

}  // namespace cenote::database
