#include "operator/controller/pod_poller.hpp"

#include "operator/probe/http_get.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace cenote::controller {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(1);
constexpr std::size_t kAtOnce = 128;

}  // namespace

PodPoller::PodPoller(std::function<void(const kube::ObjectName&)> changed)
    : changed_(std::move(changed)), wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

PodPoller::~PodPoller() {
    stop();
    ::close(wake_fd_);
}

void PodPoller::wake() const noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_fd_, &one, sizeof one) != 0);
}

void PodPoller::pod_seen(const std::string& uid, const kube::ObjectName& pool, const std::optional<PodAddress>& address) {
    {
        const std::scoped_lock lock(mutex_);
        plan_.pod_seen(uid, pool, address, Clock::now());
    }
    wake();
}

void PodPoller::pod_gone(const std::string& uid) {
    const std::scoped_lock lock(mutex_);
    plan_.pod_gone(uid);
}

void PodPoller::expect_change(const kube::ObjectName& pool, bool expected) {
    {
        const std::scoped_lock lock(mutex_);
        plan_.expect_change(pool, expected, Clock::now());
    }
    if (expected) {
        wake();
    }
}

std::optional<PodReport> PodPoller::report(const std::string& uid) const {
    const std::scoped_lock lock(mutex_);
    return plan_.report(uid);
}

bool PodPoller::still_asking(const std::string& uid) const {
    const std::scoped_lock lock(mutex_);
    return plan_.still_asking(uid);
}

void PodPoller::start(std::function<bool()> active) {
    thread_ = std::jthread([this, active = std::move(active)](const std::stop_token& stop) { run(stop, active); });
}

void PodPoller::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        wake();
        thread_.join();
    }
}

void PodPoller::run(const std::stop_token& stop, const std::function<bool()>& active) {
    std::map<std::string, std::unique_ptr<probe::HttpGet>> asking;
    while (!stop.stop_requested()) {
        const TimePoint now = Clock::now();
        TimePoint until = TimePoint::max();
        if (active()) {
            const std::scoped_lock lock(mutex_);
            for (const PollPlan::Question& question : plan_.due(now, kAtOnce - std::min(asking.size(), kAtOnce))) {
                asking[question.uid] =
                    std::make_unique<probe::HttpGet>(question.address.ip, question.address.port, "/status", now + kTimeout);
            }
            until = plan_.next();
        }
        std::vector<pollfd> waiting{{.fd = wake_fd_, .events = POLLIN, .revents = 0}};
        std::vector<kube::ObjectName> changed;
        for (auto at = asking.begin(); at != asking.end();) {
            const auto answer = at->second->step(now);
            if (!answer) {
                waiting.push_back({.fd = at->second->fd(), .events = at->second->wanted(), .revents = 0});
                until = std::min(until, at->second->deadline());
                ++at;
                continue;
            }
            const bool good = answer->has_value() && answer->value().status == 200;
            auto report = good ? parse_report(answer->value().body) : std::nullopt;
            {
                const std::scoped_lock lock(mutex_);
                if (auto pool = plan_.answered(at->first, std::move(report), now)) {
                    changed.push_back(*std::move(pool));
                }
            }
            until = now;  // it is to be asked again some time
            at = asking.erase(at);
        }
        for (const kube::ObjectName& pool : changed) {
            changed_(pool);
        }
        if (asking.size() >= kAtOnce) {
            until = TimePoint::max();  // the next answer makes room
        }
        const auto left = until == TimePoint::max() ? std::chrono::milliseconds(1000)
                                                    : std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000)));
        std::uint64_t ignored = 0;
        static_cast<void>(::read(wake_fd_, &ignored, sizeof ignored) != 0);
    }
}

}  // namespace cenote::controller
