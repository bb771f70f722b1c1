// What a pool's workloads ask for: each workload's numbers by the rule, and what is not known about them. Pure.
#pragma once

#include "operator/controller/observed.hpp"
#include "operator/sizing/rule.hpp"

#include <string>
#include <vector>

namespace cenote::controller {

struct Demand {
    std::vector<sizing::WorkloadSize> workloads;  // those that are known
    std::string unknown;                          // which are not, and why; "" = all are known
    sizing::PoolDemand by_rule;                   // of the known ones

    /// Nothing is known, although there are workloads.
    [[nodiscard]] bool is_unknown() const { return workloads.empty() && !unknown.empty(); }
};

[[nodiscard]] Demand measure_demand(const Observed& observed);

}  // namespace cenote::controller
