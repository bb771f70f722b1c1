#include "operator/controller/server_book.hpp"

#include "operator/database/resolver.hpp"
#include "operator/specs/config_hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {

std::string server_key(const database::Target& target) {
    auto hosts = database::split_hosts(target.host);
    for (std::string& host : hosts) {
        std::transform(host.begin(), host.end(), host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (host == "localhost") {
            host = "127.0.0.1";
        }
    }
    std::sort(hosts.begin(), hosts.end());
    return fmt::format("{}:{}", fmt::join(hosts, ","), target.port);
}

ServerReading ServerBook::read(const database::Target& target, TimePoint now) {
    const std::string server = server_key(target);
    const std::string who = fmt::format("{} {} {} {}", server, target.dbname, target.user, specs::sha256_hex(target.password));
    {
        const std::scoped_lock lock(mutex_);
        const auto answer = answers_.find(who);
        if (answer != answers_.end() && now - answer->second.at < answer->second.good_for) {
            const auto known = capacities_.find(server);
            return {known == capacities_.end() ? std::nullopt : std::optional(known->second), answer->second.error};
        }
    }
    auto fresh = read_(target);
    const std::scoped_lock lock(mutex_);
    std::erase_if(answers_, [now](const auto& entry) { return now - entry.second.at > std::chrono::hours(1); });
    const auto before = answers_.find(who);
    const bool again = before != answers_.end() && !before->second.error.empty();
    answers_[who] = fresh ? Answer{now, "", kFresh}
                          : Answer{now, fresh.error().message, again ? std::min(before->second.good_for * 2, kMaxRetry) : kRetry};
    if (fresh) {
        capacities_[server] = std::move(*fresh);
    }
    const auto known = capacities_.find(server);
    return {known == capacities_.end() ? std::nullopt : std::optional(known->second), answers_[who].error};
}

}  // namespace cenote::controller
