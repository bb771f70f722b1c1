// Session parameters that drivers SET and SHOW without being asked. The console plays along: SHOW has an answer, SET changes nothing.
#pragma once

#include <string_view>

namespace cenote::admin {

/// In upper or lower case. SET of these is answered with a notice "SET ignored" and the tag "SET".
[[nodiscard]] bool is_faked_parameter(std::string_view name);

/// Name as the column shows it, and value; both "" if it is none of them.
struct FakedParameter {
    std::string_view name;
    std::string_view value;
};
[[nodiscard]] FakedParameter find_faked_parameter(std::string_view name);

}  // namespace cenote::admin
