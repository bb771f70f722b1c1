#include "operator/controller/demand.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::controller {
namespace {

std::string describe_target(const api::WorkloadTarget& target) {
    return fmt::format("{} \"{}\"", api::to_string(target.kind), target.name);
}

sizing::StatedSize stated_size(const api::Workload& workload) {
    sizing::StatedSize stated;
    if (workload.workers) {
        stated.workers = *workload.workers;
    }
    if (workload.threads) {
        stated.threads = *workload.threads;
    }
    return stated;
}

/// What was known of a workload stays in force while it is not: a program that cannot be read any more has not gone away.
void keep_last_known(const Observed& observed, const std::string& workload, Demand& demand) {
    constexpr std::string_view kLastKnown = "last known: ";
    const auto& before = observed.pool.status.sizing;
    if (!before) {
        return;
    }
    for (const api::WorkloadStatus& row : before->workloads) {
        const bool of_it = row.name == workload || row.name.starts_with(workload + "/");
        const bool counted = std::any_of(demand.workloads.begin(), demand.workloads.end(), [&](const sizing::WorkloadSize& size) {
            return size.name == row.name;
        });
        if (of_it && !counted) {
            const std::string source = row.source.starts_with(kLastKnown) ? row.source : fmt::format("{}{}", kLastKnown, row.source);
            demand.workloads.push_back({row.name, row.replicas, row.workers, row.threads, source});
        }
    }
}

void add_target(const Observed& observed, const WorkloadView& view, Demand& demand) {
    const api::Workload& workload = view.workload;
    std::string reason;
    if (!view.target) {
        reason = fmt::format("{} does not exist", describe_target(*workload.target));
    } else {
        const sizing::Detection found = sizing::detect(
            kube::object_or_empty(*view.target, "/spec/template"), kube::annotations_of(*view.target), observed.config_maps,
            stated_size(workload)
        );
        for (const sizing::ProcessSize& process : found.processes) {
            const bool named = found.processes.size() > 1 && !process.container.empty();
            demand.workloads.push_back({
                .name = named ? fmt::format("{}/{}", workload.name, process.container) : workload.name,
                .replicas = view.replicas,
                .workers = process.workers,
                .threads = process.threads,
                .source = process.source,
            });
        }
        reason = found.unknown_reason;
    }
    if (!reason.empty()) {
        keep_last_known(observed, workload.name, demand);
    }
    if (!reason.empty()) {
        demand.unknown += fmt::format("{}{}: {}", demand.unknown.empty() ? "" : "; ", workload.name, reason);
    }
}

}  // namespace

Demand measure_demand(const Observed& observed) {
    const api::Spec& spec = observed.pool.spec;
    Demand demand;
    for (const WorkloadView& view : observed.workloads) {
        if (view.workload.target) {
            add_target(observed, view, demand);
        } else {
            demand.workloads.push_back({
                .name = view.workload.name,
                .replicas = view.replicas,
                .workers = view.workload.workers.value_or(1),
                .threads = view.workload.threads.value_or(1),
                .source = "spec",
            });
        }
    }
    demand.by_rule = sizing::pool_demand(
        demand.workloads, spec.sizing.headroom_percent, {.min_demand = spec.sizing.min_demand, .max_demand = spec.sizing.max_demand}
    );
    return demand;
}

}  // namespace cenote::controller
