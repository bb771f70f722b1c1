// What one pod may have open at its PostgreSQL server, as far as it can be known from outside. Pure.
//
// A pod keeps to the limit that its files give it, and files arrive some time after they are written; so more than one limit may be in
// force:
//   share        decided last: what is written for the pod, or about to be
//   may_use      the largest limit that may be in force now: raised with each share, lowered only by proof
//   charge()     what the server's budget is charged: may_use, or what the pod says is open where that is more
// Proof is the pod's own word that its limit is `share`, once the share is seen to be written. So that an older, equal limit is no such
// proof, a share never returns to a value that the pod may still be reporting (`reusable`).
#pragma once

#include "dataplane/base/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cenote::budget {

/// What a pod starts with, before it has a share: enough to serve, and charged before the pod exists.
inline constexpr std::int64_t kFloor = 1;

/// What a pod says of itself.
struct Report {
    std::int64_t limit = 0;  // in force; 0: it keeps to none that is known
    std::int64_t open = 0;   // open or being opened

    bool operator==(const Report&) const = default;
};

/// A pod as the cluster shows it.
struct PodFact {
    std::string uid;
    bool ending = false;
    bool serves = false;       // ready, or answers: it uses what it is given
    std::int64_t written = 0;  // the share that stands at the pod; 0 = none, so it runs kFloor
    std::int64_t may_use = 0;  // written with it: the largest that may have been in force then
    std::optional<Report> report;

    bool operator==(const PodFact&) const = default;
};

class Holding {
public:
    /// Takes in what is seen of the pod. The first time everything is known from `fact` alone: a controller that starts knows no more.
    void observe(const PodFact& fact, TimePoint now);
    /// False when the pod cannot have that share now, because a report of it would prove nothing.
    [[nodiscard]] bool may_have(std::int64_t share) const;
    void give(std::int64_t share);

    [[nodiscard]] std::int64_t share() const noexcept { return share_; }
    [[nodiscard]] std::int64_t may_use() const noexcept { return may_use_; }
    [[nodiscard]] std::int64_t open() const noexcept { return open_; }
    [[nodiscard]] std::int64_t charge() const noexcept { return std::max(may_use_, open_); }
    /// The pod has proved that it runs its share.
    [[nodiscard]] bool confirmed() const noexcept { return confirmed_; }
    [[nodiscard]] bool ending() const noexcept { return ending_; }
    [[nodiscard]] bool serves() const noexcept { return serves_; }
    [[nodiscard]] bool answers() const noexcept { return answers_; }
    /// All of its limit was open a short while ago: it may have use for more.
    [[nodiscard]] bool hungry(TimePoint now) const noexcept;
    /// Half of its share or more has lain fallow for a while.
    [[nodiscard]] bool idle(TimePoint now) const noexcept;

private:
    std::int64_t share_ = kFloor;
    std::int64_t may_use_ = kFloor;
    std::int64_t open_ = 0;
    std::vector<std::int64_t> unproved_;  // limits a report of which may be of an earlier time
    TimePoint busy_at_{};
    std::optional<TimePoint> saturated_at_;
    bool seen_ = false;
    bool adopted_ = false;  // its earlier shares are not known: it keeps the one it has until it has proved it
    bool confirmed_ = false;
    bool ending_ = false;
    bool serves_ = false;
    bool answers_ = false;
};

}  // namespace cenote::budget
