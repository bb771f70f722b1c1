#include "operator/kube/json.hpp"

namespace cenote::kube {
namespace {

const Json kObject = Json::parse(R"({
  "metadata": {"labels": {"app.kubernetes.io/name": "cenote", "a~b": "tilde"}, "generation": 9007199254740993},
  "spec": {"host": "db", "port": 5432, "on": true, "nothing": null, "big": 18446744073709551615, "half": 1.5,
           "workloads": [{"name": "web"}, {"name": "nightly"}]}
})");

TEST(Json, FindsByPointer) {
    EXPECT_EQ(string_or(kObject, "/spec/workloads/1/name"), "nightly");
    EXPECT_EQ(string_or(kObject, "/metadata/labels/app.kubernetes.io~1name"), "cenote");
    EXPECT_EQ(string_or(kObject, "/metadata/labels/a~0b"), "tilde");
    EXPECT_EQ(find(kObject, ""), &kObject);
    EXPECT_EQ(find(kObject, "/spec/workloads/2"), nullptr);
    EXPECT_EQ(find(kObject, "/spec/workloads/x"), nullptr);
    EXPECT_EQ(find(kObject, "/spec/host/deeper"), nullptr);
    EXPECT_EQ(find(kObject, "/spec/nothing"), nullptr) << "null counts as absent";
}

TEST(Json, KeepsIntegersOf64Bits) { EXPECT_EQ(int_at(kObject, "/metadata/generation").value(), 9007199254740993); }

TEST(Json, RequiredFieldsNameTheirPath) {
    EXPECT_EQ(string_at(kObject, "/spec/host").value(), "db");
    EXPECT_EQ(string_at(kObject, "/spec/user").error().message, "spec.user: required, but missing");
    EXPECT_EQ(string_at(kObject, "/spec/port").error().message, "spec.port: must be a string, is number");
    EXPECT_EQ(int_at(kObject, "/spec/workloads/0/name").error().message, "spec.workloads[0].name: must be an integer, is string");
    EXPECT_EQ(bool_at(kObject, "/spec/host").error().message, "spec.host: must be true or false, is string");
}

TEST(Json, OptionalFieldsMayBeAbsentButNotOfAnotherType) {
    EXPECT_EQ(optional_string_at(kObject, "/spec/user").value(), std::nullopt);
    EXPECT_EQ(optional_int_at(kObject, "/spec/nothing").value(), std::nullopt);
    EXPECT_EQ(optional_bool_at(kObject, "/spec/on").value(), true);
    EXPECT_FALSE(optional_int_at(kObject, "/spec/half").has_value());
    EXPECT_FALSE(optional_int_at(kObject, "/spec/big").has_value()) << "beyond int64 must not wrap";
}

TEST(Json, FallbacksAreForgiving) {
    EXPECT_EQ(int_or(kObject, "/spec/host", 7), 7);
    EXPECT_TRUE(bool_or(kObject, "/spec/absent", true));
    EXPECT_EQ(array_or_empty(kObject, "/spec/workloads").size(), 2U);
    EXPECT_TRUE(array_or_empty(kObject, "/spec/host").empty());
    EXPECT_TRUE(object_or_empty(kObject, "/nowhere").is_object());
}

TEST(Json, BadTextIsAnErrorAndBadUtf8IsWritten) {
    EXPECT_FALSE(parse_json("{\"a\":").has_value());
    EXPECT_FALSE(parse_json("").has_value());
    EXPECT_EQ(dump_json(Json{{"a", "\xff"}}), "{\"a\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace cenote::kube
