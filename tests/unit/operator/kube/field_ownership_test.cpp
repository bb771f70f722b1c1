#include "operator/kube/field_ownership.hpp"

#include <gtest/gtest.h>

namespace cenote::kube {
namespace {

Json object(Json entries) { return {{"metadata", {{"managedFields", std::move(entries)}}}}; }

Json entry(const char* manager, const char* operation, Json fields) {
    return {
        {"manager", manager}, {"operation", operation}, {"apiVersion", "v1"}, {"fieldsType", "FieldsV1"}, {"fieldsV1", std::move(fields)}
    };
}

TEST(FieldOwnership, WhatWasCreatedBecomesApplied) {
    const Json others = entry("kubectl", "Update", {{"f:data", {{"f:x", Json::object()}}}});
    const auto fields = created_fields_as_applied(object({others, entry("us", "Update", {{"f:data", {{"f:a", Json::object()}}}})}), "us");
    ASSERT_TRUE(fields);
    EXPECT_EQ(*fields, Json::array({others, entry("us", "Apply", {{"f:data", {{"f:a", Json::object()}}}})}));
    EXPECT_FALSE(created_fields_as_applied(object(*fields), "us")) << "done once";
}

TEST(FieldOwnership, BothEntriesAreUnited) {
    const auto fields = created_fields_as_applied(
        object(
            {entry("us", "Apply", {{"f:data", {{"f:b", Json::object()}}}, {"f:spec", Json::object()}}),
             entry("us", "Update", {{"f:data", {{"f:a", Json::object()}}}})}
        ),
        "us"
    );
    ASSERT_TRUE(fields);
    EXPECT_EQ(
        *fields,
        Json::array({entry("us", "Apply", {{"f:data", {{"f:a", Json::object()}, {"f:b", Json::object()}}}, {"f:spec", Json::object()}})})
    );
}

TEST(FieldOwnership, TheStatusIsApart) {
    Json status = entry("us", "Update", Json::object());
    status["subresource"] = "status";
    EXPECT_FALSE(created_fields_as_applied(object({status}), "us"));
    EXPECT_FALSE(created_fields_as_applied(Json::object(), "us"));
}

}  // namespace
}  // namespace cenote::kube
