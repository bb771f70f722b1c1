#include "operator/controller/server_book.hpp"

#include "operator/database/server_name.hpp"
#include "operator/specs/config_hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {

ServerReading ServerBook::read(const database::Target& target, TimePoint now) {
    const std::string server = database::server_key(target.host, target.port);
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
