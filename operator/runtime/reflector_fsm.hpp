// When to list and when to watch, as client-go's reflector does. Pure: time, chance and the cluster's answers come in, the next step goes
// out.
//
//   after                                   | next step
//   start                                   | list at resourceVersion "0": the server's cache will do
//   list succeeded                          | watch from its resourceVersion
//   list failed: Gone (410 or not reached)  | list at "" at once, the newest state; a second time in a row: after a back-off
//   list failed otherwise                   | the same list after a back-off
//   watch ended normally                    | watch from the last event's resourceVersion; after a back-off if it ended at once and empty
//   watch failed: Gone                      | list at "" at once; a second time in a row: after a back-off
//   watch failed: no connection, throttled  | the same watch after a back-off (the state is not lost)
//   watch failed otherwise                  | list at the last resourceVersion after a back-off
// Back-off: 0.8 s doubling to 30 s, each times 1 to 2 by chance; back to 0.8 s after two quiet minutes.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/kube/cluster.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cenote::runtime {

class ReflectorFsm {
public:
    struct Step {
        enum class Kind { kList, kWatch };
        Kind kind = Kind::kList;
        Duration wait{};  // before it
        std::string resource_version;
        std::chrono::seconds timeout{};  // of a watch

        bool operator==(const Step&) const = default;
    };
    using Chance = std::function<double()>;  // uniform in [0, 1)

    static constexpr std::chrono::milliseconds kBackoffBase{800};
    static constexpr std::chrono::milliseconds kBackoffMax{30'000};
    static constexpr std::chrono::minutes kQuiet{2};
    static constexpr std::chrono::seconds kShortestWatch{300};  // as long again by chance at most

    explicit ReflectorFsm(Chance chance);

    [[nodiscard]] Step start() const;
    [[nodiscard]] Step on_listed(const std::string& resource_version, TimePoint now);
    [[nodiscard]] Step on_list_failed(const kube::ApiError& error, TimePoint now);
    /// Any event, bookmarks included, moves the point from which a later watch continues.
    void on_event(const kube::WatchEvent& event);
    [[nodiscard]] Step on_watch_ended(const std::optional<kube::ApiError>& error, TimePoint now);

private:
    [[nodiscard]] Step list(Duration wait) const;
    [[nodiscard]] Step watch(Duration wait, TimePoint now);
    [[nodiscard]] Step list_newest(TimePoint now);
    [[nodiscard]] Duration back_off(TimePoint now);

    Chance chance_;
    std::string resource_version_ = "0";
    Duration backoff_ = kBackoffBase;
    TimePoint last_backoff_{};
    bool backed_off_ = false;
    bool gone_before_ = false;  // Gone came since the last event or lasting watch
    bool saw_event_ = false;    // since the watch began
    TimePoint watch_began_{};
};

}  // namespace cenote::runtime
