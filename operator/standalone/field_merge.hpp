// Server-side apply's merge, as far as a store with few writers needs it. Pure.
// Rule: "Server-Side Apply" of the Kubernetes reference; lists are taken as atomic here, since no two writers share one.
#pragma once

#include "operator/kube/json.hpp"

#include <map>
#include <string>

namespace cenote::standalone {

/// What each field manager applied last.
using AppliedByManager = std::map<std::string, kube::Json>;

/// `live` with what `manager` now applies: its fields set, and those gone that it applied before, applies no more, and nobody else applied.
/// Remembers `config` in `applied`.
[[nodiscard]] kube::Json merge_applied(kube::Json live, AppliedByManager& applied, const std::string& manager, const kube::Json& config);

}  // namespace cenote::standalone
