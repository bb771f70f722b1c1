// Asks pods for GET /status and keeps their last answers, so that a reconcile reads memory only and a silent pod holds up nobody. One
// thread, non-blocking sockets. What is asked when is the PollPlan's.
#pragma once

#include "operator/controller/poll_plan.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cenote::controller {

class PodPoller {
public:
    /// `changed`: a pool whose pods' answers have changed; called in the poller's thread.
    explicit PodPoller(std::function<void(const kube::ObjectName&)> changed);
    PodPoller(const PodPoller&) = delete;
    PodPoller& operator=(const PodPoller&) = delete;
    ~PodPoller();

    // Any thread.
    void pod_seen(const std::string& uid, const kube::ObjectName& pool, const std::optional<PodAddress>& address);
    void pod_gone(const std::string& uid);
    void expect_change(const kube::ObjectName& pool, bool expected);
    [[nodiscard]] std::optional<PodReport> report(const std::string& uid) const;
    [[nodiscard]] bool still_asking(const std::string& uid) const;

    /// `active`: asks nothing while it is false; a standby's answers would be for nobody.
    void start(std::function<bool()> active);
    void stop();

private:
    void run(const std::stop_token& stop, const std::function<bool()>& active);
    void wake() const noexcept;

    std::function<void(const kube::ObjectName&)> changed_;
    mutable std::mutex mutex_;
    PollPlan plan_;
    int wake_fd_ = -1;
    std::jthread thread_;
};

}  // namespace cenote::controller
