// Who owns which field of an object, as metadata.managedFields says it. Pure.
// Rule: "Server-Side Apply" of the Kubernetes reference; client-go's csaupgrade does the same for kubectl.
#pragma once

#include "operator/kube/json.hpp"

#include <optional>
#include <string_view>

namespace cenote::kube {

/// An object made by POST has its fields under an entry of operation Update. Server-side apply by the same manager would leave those
/// standing that it no longer wants, since the other entry still owns them. Returns the managedFields with what `manager` created handed
/// to its Apply entry, for a patch; nullopt when there is nothing to hand over.
[[nodiscard]] std::optional<Json> created_fields_as_applied(const Json& object, std::string_view manager);

}  // namespace cenote::kube
