#include "operator/controller/pool_events.hpp"

#include <fmt/format.h>

namespace cenote::controller {
namespace {

using api::Condition;
using api::ConditionStatus;
using Type = kube::EventRecord::Type;

/// Worth telling: good news after bad, and bad news that is new.
void compare(
    std::string_view type, std::string_view bad_reason, const api::Status& before, const api::Status& after, std::vector<Notice>& notices
) {
    const Condition* was = api::find_condition(before.conditions, type);
    const Condition* is = api::find_condition(after.conditions, type);
    if (is == nullptr) {
        return;
    }
    const bool was_good = was != nullptr && was->status == ConditionStatus::kTrue;
    const bool is_good = is->status == ConditionStatus::kTrue;
    if (is_good && !was_good && (was != nullptr || type == api::condition::kReady)) {
        notices.push_back({Type::kNormal, std::string(type), is->message});
    } else if (!is_good && (was == nullptr || was_good || was->reason != is->reason || was->message != is->message)) {
        notices.push_back({Type::kWarning, bad_reason.empty() ? is->reason : std::string(bad_reason), is->message});
    }
}

bool is_transient(const Condition& condition) { return condition.reason == "PodsNotReady" || condition.reason == "Waiting"; }

bool is_unlooked(const api::Status& status, std::string_view type) {
    const Condition* condition = api::find_condition(status.conditions, type);
    return condition == nullptr || (condition->status == ConditionStatus::kUnknown && condition->reason != "WorkloadUnknown");
}

}  // namespace

std::vector<Notice> notices_between(const api::Status& before, const api::Status& after) {
    std::vector<Notice> notices;
    // Shares come and go with pods and neighbours; what people ask after is what the pool was made to have.
    if (after.sizing && (!before.sizing || before.sizing->applied_demand != after.sizing->applied_demand)) {
        const std::string from = before.sizing ? fmt::format("{} -> ", before.sizing->applied_demand) : "";
        const std::string limit = after.sizing->message.empty() ? "" : fmt::format("; {}", after.sizing->message);
        notices.push_back(
            {Type::kNormal, "Resized",
             fmt::format("{}{} server connections: {}{}", from, after.sizing->applied_demand, after.sizing->explanation, limit)}
        );
    }
    const std::pair<std::string_view, std::string_view> watched[] = {
        {api::condition::kReady, ""},           {api::condition::kDatabaseReachable, ""},
        {api::condition::kWithinBudget, ""},    {api::condition::kDemandKnown, "DemandUnknown"},
        {api::condition::kConfigConverged, ""},
    };
    for (const auto& [type, bad_reason] : watched) {
        const Condition* is = api::find_condition(after.conditions, type);
        if (is == nullptr || (is->status == ConditionStatus::kFalse && is_transient(*is)) || is_unlooked(after, type)) {
            continue;
        }
        const Condition* was = api::find_condition(before.conditions, type);
        // Converging is the everyday course of an edit: its Resized says enough.
        const bool everyday =
            type == api::condition::kConfigConverged && (was == nullptr || is_transient(*was) || was->status == ConditionStatus::kUnknown);
        if (!everyday || is->status != ConditionStatus::kTrue) {
            compare(type, bad_reason, before, after, notices);
        }
    }
    return notices;
}

std::vector<Notice> notices_of(const Plan& plan, bool pool_existed) {
    std::vector<Notice> notices;
    for (const Action& action : plan.actions) {
        const std::string what = fmt::format("{} \"{}\"", action.type.kind, action.name.name);
        if (action.why == Action::Why::kDrifted) {
            notices.push_back({Type::kNormal, "Repaired", fmt::format("{} was changed by somebody else and is as specified again", what)});
        } else if (action.why == Action::Why::kMissing) {
            notices.push_back(
                {Type::kNormal, pool_existed ? "Recreated" : "Created", fmt::format("{} {}", pool_existed ? "recreated" : "created", what)}
            );
        }
    }
    return notices;
}

}  // namespace cenote::controller
