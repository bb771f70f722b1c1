#include "operator/sizing/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace cenote::sizing {
namespace {

/// a x b for a, b >= 0, held at `most`.
std::int64_t multiply(std::int64_t a, std::int64_t b, std::int64_t most) {
    if (a <= 0 || b <= 0) {
        return 0;
    }
    return a > most / b ? most : a * b;
}

std::int64_t add(std::int64_t a, std::int64_t b) { return std::min(a + b, kMostConnections); }

std::string_view plural(std::int64_t n) { return n == 1 ? "" : "s"; }

}  // namespace

std::int64_t workload_demand(const WorkloadSize& workload, std::int64_t headroom_percent) {
    // One bound for the product in hundredths keeps rounding exact up to the limit.
    constexpr std::int64_t kMostHundredths = kMostConnections * 100;
    std::int64_t hundredths = multiply(workload.replicas, workload.workers, kMostHundredths);
    hundredths = multiply(hundredths, workload.threads, kMostHundredths);
    hundredths = multiply(hundredths, headroom_percent, kMostHundredths);
    return (hundredths + 99) / 100;
}

PoolDemand pool_demand(std::span<const WorkloadSize> workloads, std::int64_t headroom_percent, const SizeBounds& bounds) {
    PoolDemand result;
    for (const WorkloadSize& workload : workloads) {
        result.sum = add(result.sum, workload_demand(workload, headroom_percent));
    }
    result.demand = std::max({result.sum, bounds.min_demand, std::int64_t{1}});
    if (bounds.max_demand) {
        result.demand = std::min(result.demand, std::max(*bounds.max_demand, std::int64_t{1}));
    }
    return result;
}

std::int64_t client_connections(std::span<const WorkloadSize> workloads) {
    std::int64_t sum = 0;
    for (const WorkloadSize& workload : workloads) {
        sum = add(sum, workload_demand(workload, 100));
    }
    return sum;
}

std::string explain(
    std::span<const WorkloadSize> workloads, std::int64_t headroom_percent, const SizeBounds& bounds, std::int64_t pods,
    std::int64_t per_pod
) {
    std::string text;
    for (const WorkloadSize& w : workloads) {
        text += fmt::format(
            "{}{}: {} replica{} x {} worker{} x {} thread{} x {}% = {}", text.empty() ? "" : "; ", w.name, w.replicas, plural(w.replicas),
            w.workers, plural(w.workers), w.threads, plural(w.threads), headroom_percent, workload_demand(w, headroom_percent)
        );
    }
    const PoolDemand total = pool_demand(workloads, headroom_percent, bounds);
    if (workloads.empty()) {
        text = "no workloads";
    } else if (workloads.size() > 1) {
        text += fmt::format("; together {}", total.sum);
    }
    if (total.demand > total.sum) {
        text += fmt::format("; raised to {} by minDemand", total.demand);
    } else if (total.demand < total.sum) {
        text += fmt::format("; held to {} by maxDemand", total.demand);
    }
    if (pods > 0 && (pods != 1 || per_pod != total.demand)) {
        text += fmt::format("; {} pod{} x {}", pods, plural(pods), per_pod);
    }
    return text;
}

}  // namespace cenote::sizing
