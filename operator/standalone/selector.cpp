#include "operator/standalone/selector.hpp"

#include "operator/kube/object.hpp"

#include <optional>
#include <string>

namespace cenote::standalone {
namespace {

using kube::Json;

template <class Lookup>
bool matches(std::string_view selector, Lookup lookup) {
    while (!selector.empty()) {
        const auto comma = selector.find(',');
        std::string_view term = selector.substr(0, comma);
        selector = comma == std::string_view::npos ? std::string_view{} : selector.substr(comma + 1);
        const auto equals = term.find('=');
        if (equals == std::string_view::npos) {
            const bool absent = term.starts_with('!');
            if (lookup(absent ? term.substr(1) : term).has_value() == absent) {
                return false;
            }
            continue;
        }
        const bool negated = equals > 0 && term[equals - 1] == '!';
        const std::string_view key = term.substr(0, negated ? equals - 1 : equals);
        std::string_view value = term.substr(equals + 1);
        if (value.starts_with('=')) {
            value.remove_prefix(1);
        }
        const std::optional<std::string> found = lookup(key);
        if ((found && *found == value) == negated) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool matches_labels(std::string_view selector, const Json& object) {
    return matches(selector, [&object](std::string_view key) { return kube::label_of(object, key); });
}

bool matches_fields(std::string_view selector, const Json& object) {
    return matches(selector, [&object](std::string_view key) -> std::optional<std::string> {
        std::string path = "/";
        for (const char c : key) {
            path += c == '.' ? '/' : c;
        }
        const Json* value = kube::find(object, path);
        if (value == nullptr) {
            return std::nullopt;
        }
        return value->is_string() ? value->get<std::string>() : kube::dump_json(*value);
    });
}

}  // namespace cenote::standalone
