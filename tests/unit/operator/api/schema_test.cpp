// Holds crds/cenote.dev_connectionpools.yaml and connection_pool_codec.cpp to each other: the same fields, types, bounds, words and
// defaults.
#include "operator/api/connection_pool_codec.hpp"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <regex>

namespace cenote::api {
namespace {

const std::string kPath = std::string{CENOTE_SOURCE_DIR} + "/crds/cenote.dev_connectionpools.yaml";

YAML::Node crd() {
    static const YAML::Node root = YAML::LoadFile(kPath);
    return root;
}

YAML::Node version() { return crd()["spec"]["versions"][0]; }

std::optional<std::int64_t> number(const YAML::Node& node) { return node ? std::optional{node.as<std::int64_t>()} : std::nullopt; }

kube::Json default_of(const YAML::Node& node, const std::string& type) {
    if (!node) {
        return {};
    }
    if (type == "integer") {
        return node.as<std::int64_t>();
    }
    return type == "object" ? kube::Json::object() : kube::Json(node.as<std::string>());
}

bool contains(const YAML::Node& list, const std::string& word) {
    for (const auto& item : list) {
        if (item.as<std::string>() == word) {
            return true;
        }
    }
    return false;
}

/// Flattens a schema into the codec's form.
void collect(const YAML::Node& schema, const std::string& path, bool required, Catalogue& out) {
    FieldRule rule{.type = schema["type"].as<std::string>(), .required = required};
    rule.default_value = default_of(schema["default"], rule.type);
    rule.minimum = number(schema["minimum"]);
    rule.maximum = number(schema["maximum"]);
    rule.min_length = number(schema["minLength"]);
    rule.max_length = number(schema["maxLength"]);
    rule.max_items = number(schema["maxItems"]);
    rule.pattern = schema["pattern"] ? schema["pattern"].as<std::string>() : "";
    for (const auto& word : schema["enum"]) {
        rule.words.push_back(word.as<std::string>());
    }
    out.emplace(path, rule);
    for (const auto& property : schema["properties"]) {
        const auto name = property.first.as<std::string>();
        collect(property.second, path + "." + name, contains(schema["required"], name), out);
    }
    if (schema["items"] && !schema["items"]["x-kubernetes-preserve-unknown-fields"]) {
        collect(schema["items"], path + "[]", false, out);
    }
}

Catalogue schema_of(const std::string& part) {
    Catalogue result;
    collect(version()["schema"]["openAPIV3Schema"]["properties"][part], part, false, result);
    result.erase(part);
    return result;
}

Catalogue codec_of(const std::string& part) {
    Catalogue result;
    for (const auto& [path, rule] : catalogue()) {
        if (path.starts_with(part + ".")) {
            result.emplace(path, rule);
        }
    }
    return result;
}

std::string show(const FieldRule& rule) {
    const auto text = [](const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : std::string{"-"}; };
    std::string words;
    for (const std::string& word : rule.words) {
        words += word + " ";
    }
    return fmt::format(
        "type={} required={} default={} range={}..{} length={}..{} items={} pattern={} words={}", rule.type, rule.required,
        rule.default_value.dump(), text(rule.minimum), text(rule.maximum), text(rule.min_length), text(rule.max_length),
        text(rule.max_items), rule.pattern, words
    );
}

void expect_same(const Catalogue& schema, const Catalogue& codec, const std::function<FieldRule(FieldRule)>& compared) {
    for (const auto& [path, rule] : schema) {
        const auto found = codec.find(path);
        ASSERT_TRUE(found != codec.end()) << "in the schema, unknown to the codec: " << path;
        EXPECT_EQ(show(compared(found->second)), show(compared(rule))) << path << " (first the codec's, then the schema's)";
    }
    for (const auto& [path, rule] : codec) {
        EXPECT_TRUE(schema.contains(path)) << "in the codec, missing in the schema: " << path;
    }
}

TEST(Schema, SpecIsTheCodecs) {
    const auto schema = schema_of("spec");
    EXPECT_GT(schema.size(), 50U);
    expect_same(schema, codec_of("spec"), [](FieldRule rule) { return rule; });
}

TEST(Schema, StatusIsTheCodecs) {
    const auto schema = schema_of("status");
    EXPECT_GT(schema.size(), 25U);
    expect_same(schema, codec_of("status"), [](FieldRule rule) {
        rule.maximum.reset();     // the codec's is the integer type's
        rule.default_value = {};  // a status has no defaults; the codec reads a missing number as 0
        return rule;
    });
}

/// Every string, list and map has an upper bound, or the API server refuses the CEL rules for their cost; every field has an explain text.
void check_bounds(const YAML::Node& schema, const std::string& path) {
    const auto type = schema["type"].as<std::string>();
    if (type == "string") {
        EXPECT_TRUE(schema["maxLength"] || schema["enum"]) << path;
    }
    if (type == "array") {
        EXPECT_TRUE(schema["maxItems"]) << path;
        check_bounds(schema["items"], path + "[]");
    }
    if (schema["additionalProperties"]) {
        EXPECT_TRUE(schema["maxProperties"]) << path;
    }
    for (const auto& property : schema["properties"]) {
        const auto inner = path + "." + property.first.as<std::string>();
        EXPECT_TRUE(property.second["description"]) << inner;
        check_bounds(property.second, inner);
    }
}

TEST(Schema, EverythingIsBoundedAndExplained) {
    for (const char* part : {"spec", "status"}) {
        check_bounds(version()["schema"]["openAPIV3Schema"]["properties"][part], part);
    }
}

TEST(Schema, ScaleAndStatusAndNames) {
    EXPECT_EQ(version()["subresources"]["scale"]["specReplicasPath"].as<std::string>(), ".spec.replicas");
    EXPECT_EQ(version()["subresources"]["scale"]["statusReplicasPath"].as<std::string>(), ".status.replicas");
    EXPECT_EQ(version()["subresources"]["scale"]["labelSelectorPath"].as<std::string>(), ".status.selector");
    EXPECT_TRUE(version()["subresources"]["status"]);
    EXPECT_EQ(crd()["spec"]["names"]["shortNames"][0].as<std::string>(), "cpool");
    std::string columns;
    for (const auto& column : version()["additionalPrinterColumns"]) {
        columns += column["name"].as<std::string>() + " ";
    }
    EXPECT_EQ(columns, "Ready Reason Replicas Mode Pool Demand Limited-By Endpoint Age ");
}

TEST(Schema, PlainKubectlApplyFits) { EXPECT_LT(std::filesystem::file_size(kPath), 256U * 1024U); }

}  // namespace
}  // namespace cenote::api
