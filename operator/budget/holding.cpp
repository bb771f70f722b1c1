#include "operator/budget/holding.hpp"

#include <algorithm>
#include <chrono>

namespace cenote::budget {
namespace {

/// Long enough that a lull between two bursts lends nothing away, and that who got more does not seem content at once.
constexpr Duration kIdleAfter = std::chrono::seconds(60);
/// A pod that proves nothing is not given ever new shares.
constexpr std::size_t kMostUnproved = 8;

}  // namespace

void Holding::observe(const PodFact& fact, TimePoint now) {
    const std::int64_t written = fact.written > 0 ? fact.written : kFloor;
    if (!seen_) {
        seen_ = true;
        share_ = written;
        may_use_ = std::max({kFloor, written, fact.may_use});
        adopted_ = fact.written > 0;
        busy_at_ = now;
    }
    ending_ = fact.ending;
    serves_ = fact.serves;
    answers_ = fact.report && fact.report->limit > 0;
    if (answers_) {
        open_ = fact.report->open;
    }
    confirmed_ = answers_ && written == share_ && fact.report->limit == share_;
    if (confirmed_) {
        may_use_ = share_;
        unproved_.clear();
        adopted_ = false;
    } else {
        may_use_ = std::max({may_use_, written, answers_ ? fact.report->limit : 0});
    }
    if (answers_ && open_ >= fact.report->limit) {
        saturated_at_ = now;
    }
    if (!answers_ || open_ * 2 > share_) {
        busy_at_ = now;
    }
}

bool Holding::may_have(std::int64_t share) const {
    // Of one whose past is not known, only what is larger than all that it can ever have had is told apart from its past.
    return !ending_ && unproved_.size() < kMostUnproved && (!adopted_ || share > may_use_) &&
           std::find(unproved_.begin(), unproved_.end(), share) == unproved_.end();
}

void Holding::give(std::int64_t share) {
    if (share == share_) {
        return;
    }
    unproved_.push_back(share_);
    share_ = share;
    may_use_ = std::max(may_use_, share);
    confirmed_ = false;
}

bool Holding::hungry(TimePoint now) const noexcept { return answers_ && saturated_at_ && now - *saturated_at_ < kIdleAfter; }

bool Holding::idle(TimePoint now) const noexcept { return answers_ && now - busy_at_ >= kIdleAfter; }

}  // namespace cenote::budget
