#include "operator/controller/poll_plan.hpp"

#include <algorithm>

namespace cenote::controller {

bool matters(const std::optional<PodReport>& before, const std::optional<PodReport>& after) {
    if (before.has_value() != after.has_value()) {
        return true;
    }
    if (!before || *before == *after) {
        return false;
    }
    // How many connections are open changes all the time; what counts is whether all, or half, of what is allowed is used.
    const auto use = [](const PodReport& report) {
        const std::int64_t open = report.server_open;
        return open > report.server_limit ? 3 : open == report.server_limit ? 2 : open * 2 > report.server_limit ? 1 : 0;
    };
    PodReport same = *before;
    same.server_open = after->server_open;
    return same != *after || use(*before) != use(*after) || use(*after) == 3;
}

void PollPlan::pod_seen(const std::string& uid, const kube::ObjectName& pool, const std::optional<PodAddress>& address, TimePoint now) {
    Pod& pod = pods_[uid];
    if (pod.address != address) {
        pod.address = address;
        pod.failures = 0;
        pod.ask_at = now;
    } else if (pod.failures > 0) {
        pod.ask_at = now;  // something has happened to it
    }
    pod.pool = pool;
}

void PollPlan::pod_gone(const std::string& uid) { pods_.erase(uid); }

void PollPlan::expect_change(const kube::ObjectName& pool, bool expected, TimePoint now) {
    if (!expected) {
        expected_.erase(pool);
        return;
    }
    if (!std::exchange(expected_[pool], true)) {
        for (auto& [uid, pod] : pods_) {
            if (pod.pool == pool && pod.failures == 0) {
                pod.ask_at = std::min(pod.ask_at, now + kSoon);
            }
        }
    }
}

Duration PollPlan::wait_for(const Pod& pod) const {
    if (pod.failures > 0) {
        return std::min<Duration>(kSoon * (1 << std::min(pod.failures, 10)), kSilentAtMost);
    }
    if (expected_.contains(pod.pool)) {
        return kSoon;
    }
    return std::clamp<Duration>(kForEachPod * static_cast<int>(pods_.size()), kAtRest, kAtRestAtMost);
}

std::vector<PollPlan::Question> PollPlan::due(TimePoint now, std::size_t at_most) {
    std::vector<Question> questions;
    for (auto& [uid, pod] : pods_) {
        if (questions.size() >= at_most) {
            break;
        }
        if (pod.address && !pod.asking && pod.ask_at <= now) {
            pod.asking = true;
            questions.push_back({uid, *pod.address});
        }
    }
    return questions;
}

TimePoint PollPlan::next() const {
    TimePoint next = TimePoint::max();
    for (const auto& [uid, pod] : pods_) {
        if (pod.address && !pod.asking) {
            next = std::min(next, pod.ask_at);
        }
    }
    return next;
}

std::optional<kube::ObjectName> PollPlan::answered(const std::string& uid, std::optional<PodReport> report, TimePoint now) {
    const auto at = pods_.find(uid);
    if (at == pods_.end()) {
        return std::nullopt;
    }
    Pod& pod = at->second;
    pod.asking = false;
    pod.failures = report ? 0 : pod.failures + 1;
    pod.ask_at = now + wait_for(pod);
    if (!report && pod.failures < kSilentAfter) {
        return std::nullopt;
    }
    const bool look = matters(pod.report, report);
    pod.report = std::move(report);
    return look ? std::optional(pod.pool) : std::nullopt;
}

bool PollPlan::still_asking(const std::string& uid) const {
    const auto pod = pods_.find(uid);
    return pod != pods_.end() && pod->second.address && !pod->second.report && pod->second.failures < kSilentAfter;
}

std::optional<PodReport> PollPlan::report(const std::string& uid) const {
    const auto pod = pods_.find(uid);
    return pod == pods_.end() ? std::nullopt : pod->second.report;
}

}  // namespace cenote::controller
