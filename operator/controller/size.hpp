// From demand and the server's word to the size of a pod. Holds what sizing remembers between turns. Thread-safe; no I/O.
#pragma once

#include "operator/controller/budget_book.hpp"
#include "operator/controller/observe.hpp"
#include "operator/controller/pool_status.hpp"
#include "operator/sizing/stabilisation.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cenote::controller {

/// Where a pool's server is asked, with the pool's own credentials.
[[nodiscard]] database::Target target_of(const Observed& observed);

/// max_db_connections of the configuration the pool has now; nothing when there is none.
[[nodiscard]] std::optional<std::int64_t> live_per_pod(const Observed& observed);

struct SizeDecision {
    Sized sized;
    std::vector<kube::ObjectName> to_wake;  // pools whose share this has changed
    std::optional<Duration> look_again_in;  // a change waits for its window
};

class Sizer {
public:
    explicit Sizer(sizing::StabilisationPolicy policy = {}) : policy_(policy) {}

    [[nodiscard]] SizeDecision size(const Observed& observed, const ServerReading& server, TimePoint now);
    /// Once, before the first size(): all pools as their status has them, so that the first one reconciled does not take what others hold.
    void introduce(const runtime::ObjectStore& pools);
    [[nodiscard]] std::vector<kube::ObjectName> forget(const kube::ObjectName& pool);

private:
    [[nodiscard]] sizing::Stabiliser::Decision steady(const Observed& observed, const Demand& demand, TimePoint now);
    [[nodiscard]] Account account_of(const Observed& observed, std::int64_t wanted) const;

    sizing::StabilisationPolicy policy_;
    BudgetBook budget_;
    std::mutex mutex_;
    std::map<kube::ObjectName, sizing::Stabiliser> stabilisers_;
};

}  // namespace cenote::controller
