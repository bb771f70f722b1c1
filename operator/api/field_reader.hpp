// Reads one JSON object field by field, strictly, and remembers what was asked for: at the end whatever else is there is an unknown field.
// The same code, run over nothing with a catalogue, lists every field with its rule; a test compares that with the CRD's schema.
// Errors are collected, not thrown: one pass tells everything that is wrong. Pure; lives on the stack of the codec.
#pragma once

#include "operator/api/enum_words.hpp"
#include "operator/api/text_patterns.hpp"
#include "operator/kube/json.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::api {

/// What the schema says of one field; the same words as OpenAPI's.
struct FieldRule {
    std::string type;  // string, integer, object, array
    bool required = false;
    kube::Json default_value = {};  // null = none
    std::optional<std::int64_t> minimum = std::nullopt;
    std::optional<std::int64_t> maximum = std::nullopt;
    std::optional<std::int64_t> min_length = std::nullopt;
    std::optional<std::int64_t> max_length = std::nullopt;
    std::optional<std::int64_t> max_items = std::nullopt;
    std::string pattern = {};
    std::vector<std::string> words = {};  // of an enumeration

    bool operator==(const FieldRule&) const = default;
};

/// By path: "spec.workloads[].target.kind". An item of a list of texts is "spec.pod.imagePullSecrets[]".
using Catalogue = std::map<std::string, FieldRule>;

struct TextRule {
    bool required = false;
    std::int64_t min_length = 0;  // 0 = no lower bound
    std::int64_t max_length = 253;
    const TextPattern* pattern = nullptr;
    std::string_view default_text = {};
};

struct IntRule {
    std::int64_t minimum = 0;
    std::int64_t maximum = std::numeric_limits<std::int32_t>::max();
    bool required = false;
};

class FieldReader {
public:
    FieldReader(const kube::Json& object, std::string path, std::vector<std::string>& errors, Catalogue* catalogue);

    void text(std::string_view name, std::string& out, const TextRule& rule);
    void integer(std::string_view name, std::int32_t& out, const IntRule& rule);  // out's value before is the default
    void integer(std::string_view name, std::int64_t& out, const IntRule& rule);
    void optional_integer(std::string_view name, std::optional<std::int32_t>& out, const IntRule& rule);
    /// Passed on unread. type is "object" or "array".
    void opaque(std::string_view name, kube::Json& out, std::string_view type, std::int64_t max_items = 0);

    template <class E>
    void word(std::string_view name, E& out, bool required = false) {
        FieldRule rule{.type = "string", .required = required};
        std::string known;
        for (const auto& [value, text] : EnumWords<E>::words) {
            rule.words.emplace_back(text);
            known += (known.empty() ? "" : ", ") + std::string{text};
        }
        if (!required) {
            rule.default_value = std::string{word_of(out)};
        }
        const kube::Json* value = take(name, rule);
        if (value == nullptr) {
            return;
        }
        if (const auto found = find_word<E>(value->get_ref<const std::string&>())) {
            out = *found;
        } else {
            fail(name, "must be one of " + known + ", not \"" + value->get<std::string>() + "\"");
        }
    }

    enum class Presence { kRequired, kOptional, kDefaulted };

    /// read(FieldReader&) is called when the object is there. Returns whether it was.
    template <class F>
    bool object(std::string_view name, Presence presence, F&& read) {
        const FieldRule rule{
            .type = "object",
            .required = presence == Presence::kRequired,
            .default_value = presence == Presence::kDefaulted ? kube::Json::object() : kube::Json{}
        };
        const kube::Json* value = take(name, rule);
        if (value == nullptr && catalogue_ == nullptr) {
            return false;
        }
        FieldReader inner{value == nullptr ? nothing() : *value, at(name), errors_, catalogue_};
        read(inner);
        inner.finish();
        return value != nullptr;
    }

    /// read(FieldReader&, T&) fills each item.
    template <class T, class F>
    void list(std::string_view name, std::vector<T>& out, std::int64_t max_items, F&& read) {
        const kube::Json* value = take(name, FieldRule{.type = "array", .max_items = max_items});
        const std::size_t count = value == nullptr ? 0 : value->size();
        for (std::size_t i = 0; i < count; ++i) {
            const std::string item_path = at(name) + "[" + std::to_string(i) + "]";
            if (!(*value)[i].is_object()) {
                errors_.push_back(item_path + ": must be an object");
                continue;
            }
            FieldReader inner{(*value)[i], item_path, errors_, nullptr};
            read(inner, out.emplace_back());
            inner.finish();
        }
        if (catalogue_ != nullptr) {
            catalogue_->emplace(at(name) + "[]", FieldRule{.type = "object"});
            T item{};
            FieldReader inner{nothing(), at(name) + "[]", errors_, catalogue_};
            read(inner, item);
        }
    }

    void fail(std::string_view name, std::string_view message);
    /// Reports fields nobody asked for.
    void finish();

    [[nodiscard]] std::string at(std::string_view name) const;

private:
    /// Notes that the field is known; its value if it is there and has the type and size the rule says.
    const kube::Json* take(std::string_view name, const FieldRule& rule);
    std::optional<std::int64_t> take_integer(std::string_view name, const IntRule& rule, const kube::Json& default_value);
    static const kube::Json& nothing();

    const kube::Json& object_;
    std::string path_;
    std::vector<std::string>& errors_;
    Catalogue* catalogue_;
    std::set<std::string, std::less<>> known_;
};

}  // namespace cenote::api
