// Reads everything a reconcile needs, from memory: the informers' caches, and what pods last said. Never writes, never waits. Any thread.
#pragma once

#include "operator/controller/observed.hpp"

#include <optional>

namespace cenote::controller {

/// The informers' stores. They must outlive the observer.
struct Caches {
    const runtime::ObjectStore* pools = nullptr;
    const runtime::ObjectStore* config_maps = nullptr;
    const runtime::ObjectStore* secrets = nullptr;
    const runtime::ObjectStore* services = nullptr;
    const runtime::ObjectStore* deployments = nullptr;
    const runtime::ObjectStore* stateful_sets = nullptr;
    const runtime::ObjectStore* pods = nullptr;
    const runtime::ObjectStore* autoscalers = nullptr;
    const runtime::ObjectStore* disruption_budgets = nullptr;

    /// The store of a type; nullptr for one that is not cached.
    [[nodiscard]] const runtime::ObjectStore* of(const kube::ResourceType& type) const;
};

/// The pods of a pool that have not ended, whether the pool exists or not.
[[nodiscard]] std::vector<PodState> pods_of(const runtime::ObjectStore& pods, const kube::ObjectName& pool, const ReadReport& report_of);

class Observer {
public:
    Observer(Caches caches, ReadReport report_of) : caches_(caches), report_of_(std::move(report_of)) {}

    /// Nothing when there is no such pool.
    [[nodiscard]] std::optional<Observed> observe(const kube::ObjectName& name) const;
    [[nodiscard]] std::vector<PodState> pods(const kube::ObjectName& pool) const { return pods_of(*caches_.pods, pool, report_of_); }
    [[nodiscard]] const Caches& caches() const noexcept { return caches_; }

private:
    [[nodiscard]] SecretRef secret(const std::string& ns, const std::string& name) const;
    [[nodiscard]] WorkloadView workload(const std::string& ns, const api::Workload& workload) const;
    [[nodiscard]] std::int64_t autoscaled_to(const std::string& ns, const api::WorkloadTarget& target) const;
    void read_config_maps(Observed& observed) const;

    Caches caches_;
    ReadReport report_of_;
};

/// Where a pod is asked for its status; nullopt while it has no address, or when it has ended for good.
[[nodiscard]] std::optional<PodAddress> status_address_of(const kube::Json& pod);

/// As a Secret holds it; values that are not base64 are left out.
[[nodiscard]] SecretData decode_secret(const kube::Json& secret);

}  // namespace cenote::controller
