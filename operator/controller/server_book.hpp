// What each PostgreSQL server said of itself, asked at most every half minute, the last good answer kept while it does not answer.
// Thread-safe. Two reconciles may ask the same server at once; the lock is not held while asking.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/database/capacity.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace cenote::controller {

using ReadCapacity = std::function<Result<database::Capacity>(const database::Target&)>;

struct ServerReading {
    std::optional<database::Capacity> capacity;  // the last good one of this server, by whoever asked
    std::string error;                           // why the last question by these credentials got no answer; "" = it did

    [[nodiscard]] bool reachable() const { return error.empty() && capacity.has_value(); }
};

class ServerBook {
public:
    static constexpr Duration kFresh = std::chrono::seconds(30);
    /// An unreachable server holds a worker up to the reader's timeout: not on every turn, and ever more rarely.
    static constexpr Duration kRetry = std::chrono::seconds(10);
    static constexpr Duration kMaxRetry = std::chrono::seconds(60);

    explicit ServerBook(ReadCapacity read) : read_(std::move(read)) {}

    [[nodiscard]] ServerReading read(const database::Target& target, TimePoint now);

private:
    struct Answer {
        TimePoint at;
        std::string error;
        Duration good_for;
    };

    ReadCapacity read_;
    std::mutex mutex_;
    std::map<std::string, database::Capacity> capacities_;  // by server
    std::map<std::string, Answer> answers_;                 // by server and credentials
};

}  // namespace cenote::controller
