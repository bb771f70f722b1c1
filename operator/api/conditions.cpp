#include "operator/api/conditions.hpp"

#include "operator/api/enum_words.hpp"

#include <algorithm>
#include <utility>

namespace cenote::api {

std::string_view to_string(ConditionStatus status) { return word_of(status); }

void set_condition(std::vector<Condition>& conditions, Condition condition, std::string_view now) {
    const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == condition.type; });
    if (found == conditions.end()) {
        condition.last_transition_time = now;
        conditions.push_back(std::move(condition));
        return;
    }
    const bool changed = found->status != condition.status || found->last_transition_time.empty();
    condition.last_transition_time = changed ? std::string{now} : found->last_transition_time;
    *found = std::move(condition);
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
    const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == type; });
    return found == conditions.end() ? nullptr : &*found;
}

bool is_true(const std::vector<Condition>& conditions, std::string_view type) {
    const Condition* found = find_condition(conditions, type);
    return found != nullptr && found->status == ConditionStatus::kTrue;
}

}  // namespace cenote::api
