#include "operator/controller/pod_reports.hpp"

#include "operator/kube/json.hpp"
#include "operator/probe/http_get.hpp"

#include <poll.h>

#include <memory>

namespace cenote::controller {

std::optional<PodReport> parse_report(std::string_view body) {
    const auto json = kube::parse_json(body);
    if (!json || !json->is_object()) {
        return std::nullopt;
    }
    const auto config_hash = kube::string_at(*json, "/configHash");
    if (!config_hash) {
        return std::nullopt;
    }
    return PodReport{
        .version = kube::string_or(*json, "/version"),
        .state = kube::string_or(*json, "/state"),
        .config_hash = *config_hash,
        .auth_hash = kube::string_or(*json, "/authHash"),
        .reload_error = kube::string_or(*json, "/lastReloadError"),
    };
}

std::vector<std::optional<PodReport>> ask_pods(const std::vector<PodAddress>& pods, Duration timeout) {
    const TimePoint deadline = Clock::now() + timeout;
    std::vector<std::optional<PodReport>> reports(pods.size());
    std::vector<std::unique_ptr<probe::HttpGet>> requests;
    for (const PodAddress& pod : pods) {
        requests.push_back(std::make_unique<probe::HttpGet>(pod.ip, pod.port, "/status", deadline));
    }
    while (true) {
        const TimePoint now = Clock::now();
        std::vector<pollfd> waiting;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (!requests[i]) {
                continue;
            }
            if (const auto answer = requests[i]->step(now)) {
                if (answer->has_value() && answer->value().status == 200) {
                    reports[i] = parse_report(answer->value().body);
                }
                requests[i].reset();
            } else {
                waiting.push_back({.fd = requests[i]->fd(), .events = requests[i]->wanted(), .revents = 0});
            }
        }
        if (waiting.empty()) {
            return reports;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
        ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<decltype(left)>(left, 1)));
    }
}

}  // namespace cenote::controller
