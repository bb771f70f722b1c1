#include "operator/api/conditions.hpp"

#include "operator/api/labels.hpp"

namespace cenote::api {
namespace {

Condition ready(ConditionStatus status, std::string reason) { return {"Ready", status, std::move(reason), "text", 1, ""}; }

TEST(Conditions, TransitionTimeMovesOnlyWithTheStatus) {
    std::vector<Condition> conditions;
    set_condition(conditions, ready(ConditionStatus::kFalse, "Starting"), "t1");
    set_condition(conditions, ready(ConditionStatus::kFalse, "NoPods"), "t2");
    ASSERT_EQ(conditions.size(), 1U);
    EXPECT_EQ(conditions[0].last_transition_time, "t1");
    EXPECT_EQ(conditions[0].reason, "NoPods");

    set_condition(conditions, ready(ConditionStatus::kTrue, "Serving"), "t3");
    EXPECT_EQ(conditions[0].last_transition_time, "t3");
    EXPECT_TRUE(is_true(conditions, "Ready"));
}

TEST(Conditions, OthersStayAsTheyAre) {
    std::vector<Condition> conditions;
    set_condition(conditions, ready(ConditionStatus::kTrue, "Serving"), "t1");
    set_condition(conditions, {"WithinBudget", ConditionStatus::kUnknown, "NeverAsked", "", 1, ""}, "t2");
    ASSERT_EQ(conditions.size(), 2U);
    EXPECT_EQ(find_condition(conditions, "Ready")->last_transition_time, "t1");
    EXPECT_FALSE(is_true(conditions, "WithinBudget"));
    EXPECT_EQ(find_condition(conditions, "Progressing"), nullptr);
    EXPECT_FALSE(is_true(conditions, "Progressing"));
}

TEST(Labels, SelectorIsASubsetOfTheChildrensLabels) {
    EXPECT_EQ(selector_text("orders"), "app.kubernetes.io/instance=orders,app.kubernetes.io/name=cenote");
    const auto children = child_labels("orders");
    for (const auto& [key, value] : selector_labels("orders")) {
        EXPECT_EQ(children.at(key), value);
    }
    EXPECT_EQ(children.at("app.kubernetes.io/managed-by"), "cenote-operator");
}

}  // namespace
}  // namespace cenote::api
