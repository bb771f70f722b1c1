// Label and field selectors, as list and watch take them. Pure.
#pragma once

#include "operator/kube/json.hpp"

#include <string_view>

namespace cenote::standalone {

/// "a=b,c!=d,e,!f": the equality forms. An unknown form matches nothing.
[[nodiscard]] bool matches_labels(std::string_view selector, const kube::Json& object);
/// "metadata.name=x,metadata.namespace=y", or any other path with a string or number there.
[[nodiscard]] bool matches_fields(std::string_view selector, const kube::Json& object);

}  // namespace cenote::standalone
