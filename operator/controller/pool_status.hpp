// The status of a ConnectionPool from what was observed and done. Pure; the time comes in as text.
#pragma once

#include "operator/controller/budget_book.hpp"
#include "operator/controller/demand.hpp"
#include "operator/controller/observed.hpp"
#include "operator/controller/prerequisites.hpp"
#include "operator/controller/server_book.hpp"
#include "operator/specs/config_hash.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::controller {

/// How the pool was sized.
struct Sized {
    Demand demand;
    std::int64_t wanted = 0;   // the demand after stabilisation
    std::int64_t applied = 0;  // the demand that counts; not `wanted` when updateMode holds it
    std::string held_by;       // why not, "" if it does
    budget::PoolView pool;
    ServerView server;
    std::string server_key;

    /// The largest share of a pod.
    [[nodiscard]] std::int64_t per_pod() const;
};

/// What keeps the pool from having its demand, and the numbers to it ("" = nothing does).
[[nodiscard]] api::LimitedBy limit_of(const Sized& sized);
[[nodiscard]] std::string limit_text(const Observed& observed, const Sized& sized);

struct Convergence {
    int pods = 0;       // that should run the configuration
    int converged = 0;  // that do
    std::string reload_error;
    bool shares = true;  // every pod has proved its share

    [[nodiscard]] bool complete() const { return converged == pods && shares; }
};

[[nodiscard]] Convergence measure_convergence(const std::vector<PodState>& pods, const specs::ConfigHashes& hashes, bool shares = true);

/// The status after a turn that made or kept the pool as its spec says.
[[nodiscard]] api::Status make_status(
    const Observed& observed, const Sized& sized, const ServerReading& server, const specs::ConfigHashes& hashes,
    const Convergence& convergence, std::string_view now
);

/// The status after a turn that could do nothing: what runs is still shown, the finding is why Ready is False.
[[nodiscard]] api::Status make_blocked_status(const Observed& observed, const Finding& finding, std::string_view now);

/// "db.shop.svc:6432", or what standalone mode says on the Service.
[[nodiscard]] std::string endpoint_of(const Observed& observed);

}  // namespace cenote::controller
