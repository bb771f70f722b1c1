// Desired objects against those in the cluster: what to apply and why, and what may not be touched. Pure.
#pragma once

#include "operator/kube/object.hpp"
#include "operator/runtime/object_store.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace cenote::controller {

/// On each child: the hash of what was applied, so that a field no longer wanted is noticed.
inline constexpr std::string_view kAppliedHashAnnotation = "cenote.dev/applied-hash";

struct Action {
    enum class Kind { kApply, kPatch, kRemove };
    enum class Why { kMissing, kChanged, kDrifted, kNotWanted };

    Kind kind = Kind::kApply;
    Why why = Why::kMissing;
    kube::ResourceType type;
    kube::ObjectName name;
    kube::Json object;  // to create or apply; null to remove. Of what exists it has the uid: another object of that name is a conflict
    kube::Json ownership = nullptr;  // managedFields to write before it is applied, or null

    bool operator==(const Action&) const = default;
};

struct Plan {
    std::vector<Action> actions;  // in the order they are to be done
    // Either of these, and nothing is to be done:
    std::vector<std::string> foreign;   // names that somebody else's objects have
    std::vector<std::string> leftover;  // children of a pool of this name that is gone; the garbage collector takes them soon

    [[nodiscard]] bool creates() const {
        return std::any_of(actions.begin(), actions.end(), [](const Action& action) { return action.why == Action::Why::kMissing; });
    }
};

/// Would writing this Deployment give its pods successors?
[[nodiscard]] bool rolls(const kube::Json& wanted, const kube::Json& live);
/// It would, and only because this program renders the same wishes of its user differently than the one that wrote it. That waits until the
/// pods roll anyway.
[[nodiscard]] bool rolls_by_rendering_alone(const kube::Json& wanted, const kube::Json& live);

/// What is in the cluster under that name, null if nothing.
using Lookup = std::function<runtime::ObjectPtr(const kube::ResourceType&, const kube::ObjectName&)>;

/// The Deployment stays as it is but for its replicas: nothing when it has them already.
void add_scaling(Plan& plan, const kube::Json& live, std::int64_t replicas);

/// `wanted`: the objects of a pool, complete with apiVersion, kind and metadata. `not_wanted`: types of which a child with the pool's name
/// is to go.
[[nodiscard]] Plan make_plan(
    const kube::Json& pool, const std::vector<kube::Json>& wanted, const std::vector<kube::ResourceType>& not_wanted, const Lookup& lookup
);

/// Whose an object is that has the name of one of the pool's children.
enum class Ownership { kOurs, kLeftover, kForeign };
[[nodiscard]] Ownership ownership_of(const kube::Json& pool, const kube::Json& object);

/// Every field of `wanted` stands in `live`; what the API server or another field manager adds besides is no difference. Lists of
/// named things (containers, volumes, ports, environment, …) are compared entry by entry, as server-side apply merges them.
[[nodiscard]] bool is_contained(const kube::Json& wanted, const kube::Json& live);

}  // namespace cenote::controller
