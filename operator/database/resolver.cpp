#include "operator/database/resolver.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <future>
#include <memory>
#include <thread>

namespace cenote::database {
namespace {

struct AddressList {
    std::vector<std::string> addresses;
    std::string reason;
};

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

AddressList ask_the_system(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* raw = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
    if (code != 0) {
        return {.addresses = {}, .reason = ::gai_strerror(code)};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(raw, &::freeaddrinfo);
    AddressList found;
    for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
            found.addresses.emplace_back(text.data());
        }
    }
    return found;
}

AddressList ask_within(const std::string& host, TimePoint deadline) {
    auto promise = std::make_shared<std::promise<AddressList>>();
    std::future<AddressList> answer = promise->get_future();
    try {
        std::thread([promise, host] { promise->set_value(ask_the_system(host)); }).detach();
    } catch (const std::system_error& error) {
        return {.addresses = {}, .reason = error.what()};
    }
    if (answer.wait_until(deadline) != std::future_status::ready) {
        return {.addresses = {}, .reason = "the name service did not answer in time"};
    }
    return answer.get();
}

}  // namespace

std::vector<std::string> split_hosts(std::string_view hosts) {
    std::vector<std::string> parts;
    while (!hosts.empty()) {
        const auto comma = hosts.find(',');
        std::string_view part = hosts.substr(0, comma);
        hosts = comma == std::string_view::npos ? std::string_view{} : hosts.substr(comma + 1);
        const auto first = part.find_first_not_of(" \t");
        if (first == std::string_view::npos) {
            continue;
        }
        part = part.substr(first, part.find_last_not_of(" \t") - first + 1);
        parts.emplace_back(part);
    }
    return parts;
}

Result<std::vector<Candidate>> resolve(std::string_view hosts, TimePoint deadline) {
    std::vector<Candidate> candidates;
    std::string reasons;
    for (const std::string& host : split_hosts(hosts)) {
        if (host.front() == '/') {
            candidates.push_back({host, ""});
            continue;
        }
        if (is_address(host)) {
            candidates.push_back({host, host});
            continue;
        }
        AddressList found = ask_within(host, deadline);
        for (std::string& address : found.addresses) {
            candidates.push_back({host, std::move(address)});
        }
        if (found.addresses.empty()) {
            reasons += fmt::format("{}cannot resolve \"{}\": {}", reasons.empty() ? "" : "; ", host, found.reason);
        }
    }
    if (candidates.empty()) {
        return Error{reasons.empty() ? "no host is given" : reasons, "08001"};
    }
    return candidates;
}

}  // namespace cenote::database
