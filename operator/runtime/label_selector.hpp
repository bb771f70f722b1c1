// A label selector in the API's text form: "app=web,tier!=db,env in (a,b),zone notin (c),canary,!old". Pure.
#pragma once

#include "operator/kube/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::runtime {

class LabelSelector {
public:
    /// "" selects everything.
    [[nodiscard]] static Result<LabelSelector> parse(std::string_view text);
    [[nodiscard]] bool matches(const kube::Json& object) const;

private:
    struct Requirement {
        enum class Kind { kIn, kNotIn, kExists, kAbsent };
        Kind kind = Kind::kExists;
        std::string key;
        std::vector<std::string> values;
    };
    [[nodiscard]] static Result<Requirement> parse_requirement(std::string_view text);

    std::vector<Requirement> requirements_;
};

}  // namespace cenote::runtime
