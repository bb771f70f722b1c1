// Which pods are asked when, and what of their answers is worth a reconcile. Pure: no sockets, time comes in. Owned by the PodPoller, under
// its lock.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/controller/pod_reports.hpp"
#include "operator/kube/object.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cenote::controller {

class PollPlan {
public:
    /// While something is on its way to a pod, or it has just appeared, it is asked often; a pod that stays silent ever more rarely.
    static constexpr Duration kSoon = std::chrono::milliseconds(100);
    static constexpr Duration kSilentAtMost = std::chrono::seconds(10);
    /// At rest each is asked this often, and with more pods more rarely, so that the work for all of them is bounded.
    static constexpr Duration kAtRest = std::chrono::seconds(2);
    static constexpr Duration kForEachPod = std::chrono::milliseconds(15);
    static constexpr Duration kAtRestAtMost = std::chrono::seconds(30);
    /// So many questions in a row without an answer, and what the pod said before is not believed any more.
    static constexpr int kSilentAfter = 2;

    struct Question {
        std::string uid;
        PodAddress address;
    };

    /// The pod exists and can be asked there; without an address it cannot yet.
    void pod_seen(const std::string& uid, const kube::ObjectName& pool, const std::optional<PodAddress>& address, TimePoint now);
    void pod_gone(const std::string& uid);
    /// Something is on its way to this pool's pods, or all has arrived.
    void expect_change(const kube::ObjectName& pool, bool expected, TimePoint now);

    [[nodiscard]] std::vector<Question> due(TimePoint now, std::size_t at_most);
    /// When due() gives something next, if nothing happens before.
    [[nodiscard]] TimePoint next() const;
    /// The answer to a question; the pool that has to look at it, if any.
    [[nodiscard]] std::optional<kube::ObjectName> answered(const std::string& uid, std::optional<PodReport> report, TimePoint now);

    [[nodiscard]] std::optional<PodReport> report(const std::string& uid) const;
    /// It has neither answered nor kept silent yet.
    [[nodiscard]] bool still_asking(const std::string& uid) const;

private:
    struct Pod {
        kube::ObjectName pool;
        std::optional<PodAddress> address;
        std::optional<PodReport> report;
        TimePoint ask_at{};
        int failures = 0;
        bool asking = false;
    };
    [[nodiscard]] Duration wait_for(const Pod& pod) const;

    std::map<std::string, Pod> pods_;  // by uid
    std::map<kube::ObjectName, bool> expected_;
};

/// A reconcile would decide something else.
[[nodiscard]] bool matters(const std::optional<PodReport>& before, const std::optional<PodReport>& after);

}  // namespace cenote::controller
