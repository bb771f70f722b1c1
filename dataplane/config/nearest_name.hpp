// "Did you mean …?" for misspelt names.
#pragma once

#include <string_view>
#include <vector>

namespace cenote::config {

/// The candidate with the smallest edit distance to `name`, if it is near enough to be meant; otherwise "".
[[nodiscard]] std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace cenote::config
