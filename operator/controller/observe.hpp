// Reads everything a reconcile needs: from the caches, and from the pods themselves. Never writes. Any thread.
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

class Observer {
public:
    Observer(Caches caches, AskPods ask_pods) : caches_(caches), ask_pods_(std::move(ask_pods)) {}

    /// Nothing when there is no such pool.
    [[nodiscard]] std::optional<Observed> observe(const kube::ObjectName& name) const;
    [[nodiscard]] const Caches& caches() const noexcept { return caches_; }

private:
    [[nodiscard]] SecretRef secret(const std::string& ns, const std::string& name) const;
    [[nodiscard]] WorkloadView workload(const std::string& ns, const api::Workload& workload) const;
    [[nodiscard]] std::int64_t autoscaled_to(const std::string& ns, const api::WorkloadTarget& target) const;
    void read_config_maps(Observed& observed) const;
    [[nodiscard]] std::vector<PodState> pods(const kube::ObjectName& pool) const;

    Caches caches_;
    AskPods ask_pods_;
};

/// As a Secret holds it; values that are not base64 are left out.
[[nodiscard]] SecretData decode_secret(const kube::Json& secret);

}  // namespace cenote::controller
