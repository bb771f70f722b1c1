// From demand and the server's word to the shares of the pool's pods. Holds what sizing remembers between turns. Thread-safe; no I/O.
#pragma once

#include "operator/controller/budget_book.hpp"
#include "operator/controller/observe.hpp"
#include "operator/controller/pool_status.hpp"
#include "operator/sizing/stabilisation.hpp"
#include "operator/specs/config_hash.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cenote::controller {

/// Where a pool's server is asked, with the pool's own credentials. `names_have_namespaces`: a short host name is of the pool's namespace.
[[nodiscard]] database::Target target_of(const Observed& observed, bool names_have_namespaces);

/// The pods as the ledger counts them.
[[nodiscard]] std::vector<budget::PodFact> facts_of(const std::vector<PodState>& pods);

struct SizeDecision {
    Sized sized;
    std::vector<kube::ObjectName> to_wake;  // pools whose share this has changed
    std::optional<Duration> look_again_in;  // a change waits for its time
};

struct SizerOptions {
    sizing::StabilisationPolicy stabilisation;
    /// After the start nothing grows for so long: what the operator before this one wrote last may not be in the caches yet.
    Duration quiet{};
    bool names_have_namespaces = true;
};

class Sizer {
public:
    explicit Sizer(const SizerOptions& options) : options_(options) {}

    /// `to_roll`: pods that a newer template would replace.
    [[nodiscard]] SizeDecision size(const Observed& observed, const ServerReading& server, std::int64_t to_roll, TimePoint now);
    /// Before the first size(): what all pods may use counts from the start, also those of pools that are gone.
    void introduce(const Observer& observer, TimePoint now);
    [[nodiscard]] std::vector<kube::ObjectName> forget(const kube::ObjectName& pool, const std::vector<PodState>& pods, TimePoint now);

private:
    [[nodiscard]] sizing::Stabiliser::Decision steady(const Observed& observed, const Demand& demand, TimePoint now);
    void introduce_pool(const Observed& observed, TimePoint now);
    [[nodiscard]] Part part_of(const Observed& observed, std::int64_t demand, bool proved) const;

    SizerOptions options_;
    BudgetBook budget_;
    std::mutex mutex_;
    std::map<kube::ObjectName, sizing::Stabiliser> stabilisers_;
};

}  // namespace cenote::controller
