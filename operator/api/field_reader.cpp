#include "operator/api/field_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cenote::api {
namespace {

bool has_type(const kube::Json& value, std::string_view type) {
    return (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
           (type == "object" && value.is_object()) || (type == "array" && value.is_array());
}

std::string_view article(std::string_view type) {
    return type == "string" ? "a string" : type == "integer" ? "a whole number" : type == "array" ? "a list" : "an object";
}

std::string_view type_in_words(const kube::Json& value) {
    return value.is_number_float() ? "a fraction"
           : value.is_number()     ? "a number"
           : value.is_boolean()    ? "true or false"
           : value.is_array()      ? "a list"
           : value.is_object()     ? "an object"
                                   : "a string";
}

/// Characters, as the schema counts them, not bytes.
std::int64_t length_of(std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

}  // namespace

FieldReader::FieldReader(const kube::Json& object, std::string path, std::vector<std::string>& errors, Catalogue* catalogue)
    : object_(object), path_(std::move(path)), errors_(errors), catalogue_(catalogue) {}

const kube::Json& FieldReader::nothing() {
    static const kube::Json empty = kube::Json::object();
    return empty;
}

std::string FieldReader::at(std::string_view name) const { return path_.empty() ? std::string{name} : fmt::format("{}.{}", path_, name); }

void FieldReader::fail(std::string_view name, std::string_view message) { errors_.push_back(fmt::format("{}: {}", at(name), message)); }

const kube::Json* FieldReader::take(std::string_view name, const FieldRule& rule) {
    known_.emplace(name);
    if (catalogue_ != nullptr) {
        catalogue_->emplace(at(name), rule);
        return nullptr;
    }
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) {
        if (rule.required) {
            fail(name, "is required");
        }
        return nullptr;
    }
    if (!has_type(*found, rule.type)) {
        fail(name, fmt::format("must be {}, is {}", article(rule.type), type_in_words(*found)));
        return nullptr;
    }
    if (rule.max_items && std::cmp_greater(found->size(), *rule.max_items)) {
        fail(name, fmt::format("has {} items, at most {} are allowed", found->size(), *rule.max_items));
        return nullptr;
    }
    return &*found;
}

void FieldReader::text(std::string_view name, std::string& out, const TextRule& rule) {
    FieldRule field{.type = "string", .required = rule.required, .max_length = rule.max_length};
    if (rule.pattern != nullptr) {
        field.pattern = rule.pattern->regex;
    }
    if (rule.min_length > 0) {
        field.min_length = rule.min_length;
    }
    if (!rule.default_text.empty()) {
        field.default_value = std::string{rule.default_text};
    }
    const kube::Json* value = take(name, field);
    if (value == nullptr) {
        return;
    }
    const auto& text = value->get_ref<const std::string&>();
    if (const std::int64_t length = length_of(text); length > rule.max_length || length < rule.min_length) {
        fail(
            name, length < rule.min_length ? std::string{"must not be empty"}
                                           : fmt::format("is {} characters long, at most {} are allowed", length, rule.max_length)
        );
        return;
    }
    if (rule.pattern != nullptr && !rule.pattern->matches(text)) {
        fail(name, fmt::format("\"{}\" is not {}", text, rule.pattern->in_words));
        return;
    }
    out = text;
}

std::optional<std::int64_t> FieldReader::take_integer(std::string_view name, const IntRule& rule, const kube::Json& default_value) {
    const kube::Json* value = take(
        name,
        FieldRule{
            .type = "integer", .required = rule.required, .default_value = default_value, .minimum = rule.minimum, .maximum = rule.maximum
        }
    );
    if (value == nullptr) {
        return std::nullopt;
    }
    const bool huge =
        value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (huge || value->get<std::int64_t>() < rule.minimum || value->get<std::int64_t>() > rule.maximum) {
        fail(name, fmt::format("must be between {} and {}, not {}", rule.minimum, rule.maximum, value->dump()));
        return std::nullopt;
    }
    return value->get<std::int64_t>();
}

void FieldReader::integer(std::string_view name, std::int32_t& out, const IntRule& rule) {
    out = static_cast<std::int32_t>(take_integer(name, rule, rule.required ? kube::Json{} : kube::Json(out)).value_or(out));
}

void FieldReader::integer(std::string_view name, std::int64_t& out, const IntRule& rule) {
    out = take_integer(name, rule, {}).value_or(out);
}

void FieldReader::optional_integer(std::string_view name, std::optional<std::int32_t>& out, const IntRule& rule) {
    if (const auto value = take_integer(name, rule, {})) {
        out = static_cast<std::int32_t>(*value);
    }
}

void FieldReader::opaque(std::string_view name, kube::Json& out, std::string_view type, std::int64_t max_items) {
    FieldRule rule{.type = std::string{type}};
    if (max_items > 0) {
        rule.max_items = max_items;
    }
    if (const kube::Json* value = take(name, rule)) {
        out = *value;
    }
}

void FieldReader::finish() {
    for (const auto& [key, value] : object_.items()) {
        if (!known_.contains(key)) {
            fail(key, "unknown field");
        }
    }
}

}  // namespace cenote::api
