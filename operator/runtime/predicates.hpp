// Which changes are worth a reconcile, and whose. Pure functions of one change.
#pragma once

#include "operator/kube/object.hpp"
#include "operator/runtime/object_store.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::runtime {

using Predicate = std::function<bool(const ObjectChange&)>;
/// The names to reconcile because of this object; called with a change's `after` and its `before`, whichever there are.
using MapFunction = std::function<std::vector<kube::ObjectName>(const kube::Json& object)>;

[[nodiscard]] Predicate always();
/// New, gone, or another generation (the spec), labels, annotations or deletionTimestamp: leaves out status writes, ours first of all.
[[nodiscard]] Predicate spec_changed();
/// The object's spec differs by value, or it is new or gone: for types whose metadata.generation does not count (autoscalers).
[[nodiscard]] Predicate spec_differs();
/// Anything but metadata.managedFields and resourceVersion differs: leaves out no-op writes.
[[nodiscard]] Predicate content_changed();
[[nodiscard]] Predicate any_of(std::vector<Predicate> predicates);
[[nodiscard]] Predicate all_of(std::vector<Predicate> predicates);

/// The object itself.
[[nodiscard]] MapFunction to_self();
/// Its controlling owner, if that is of this kind (the group must match, the version need not).
[[nodiscard]] MapFunction to_controller_owner(const kube::ResourceType& owner);
/// The object named by a label, in the same namespace.
[[nodiscard]] MapFunction to_name_in_label(std::string label);

}  // namespace cenote::runtime
