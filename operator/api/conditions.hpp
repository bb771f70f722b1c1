// metav1.Condition: what is true of a pool now, and since when. Pure; the time comes in as RFC 3339 text ("2026-01-31T12:00:00Z").
// Rules: Kubernetes API conventions, "Typical status properties"; the transition time moves only when the status does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::api {

enum class ConditionStatus { kTrue, kFalse, kUnknown };

struct Condition {
    std::string type;
    ConditionStatus status = ConditionStatus::kUnknown;
    std::string reason;   // CamelCase, one word, for programs
    std::string message;  // a sentence, for people
    std::int64_t observed_generation = 0;
    std::string last_transition_time;  // filled in by set_condition

    bool operator==(const Condition&) const = default;
};

/// The types a ConnectionPool carries.
namespace condition {
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kAvailable = "Available";
inline constexpr std::string_view kReconciling = "Reconciling";  // kstatus: True = under way
inline constexpr std::string_view kStalled = "Stalled";          // kstatus: True = somebody has to do something
inline constexpr std::string_view kProgressing = "Progressing";
inline constexpr std::string_view kDatabaseReachable = "DatabaseReachable";
inline constexpr std::string_view kWithinBudget = "WithinBudget";
inline constexpr std::string_view kDemandKnown = "DemandKnown";
inline constexpr std::string_view kConfigConverged = "ConfigConverged";
inline constexpr std::string_view kPaused = "Paused";
}  // namespace condition

[[nodiscard]] std::string_view to_string(ConditionStatus status);

/// Adds the condition or replaces the one of its type. last_transition_time becomes `now` if the status differs from before, else it stays.
void set_condition(std::vector<Condition>& conditions, Condition condition, std::string_view now);

[[nodiscard]] const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

/// False also when the condition is not there.
[[nodiscard]] bool is_true(const std::vector<Condition>& conditions, std::string_view type);

}  // namespace cenote::api
