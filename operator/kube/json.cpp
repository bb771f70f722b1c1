#include "operator/kube/json.hpp"

#include <charconv>
#include <limits>

namespace cenote::kube {
namespace {

std::string unescape(std::string_view token) {
    std::string out;
    out.reserve(token.size());
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
            out += token[++i] == '0' ? '~' : '/';
        } else {
            out += token[i];
        }
    }
    return out;
}

std::optional<std::size_t> index_of(std::string_view token) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (token.empty() || error != std::errc{} || end != token.data() + token.size()) {
        return std::nullopt;
    }
    return value;
}

template <class Visit>
void for_each_token(std::string_view path, Visit visit) {
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        if (!visit(path.substr(0, slash))) {
            return;
        }
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
    }
}

Error wrong_type(std::string_view path, std::string_view wanted, const Json& found) {
    return Error{fmt::format("{}: must be {}, is {}", display_path(path), wanted, found.type_name())};
}

Error missing(std::string_view path) { return Error{fmt::format("{}: required, but missing", display_path(path))}; }

template <class T>
Result<T> required(std::string_view path, Result<std::optional<T>> found) {
    if (!found) {
        return std::move(found).error();
    }
    if (!found->has_value()) {
        return missing(path);
    }
    return std::move(**found);
}

bool fits_int64(const Json& value) {
    // Unsigned numbers above INT64_MAX are kept as uint64 by the parser.
    return value.is_number_integer() &&
           !(value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
           );
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
    try {
        return Json::parse(text.begin(), text.end());
    } catch (const Json::exception& error) {
        return Error{fmt::format("not JSON: {}", error.what())};
    }
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* find(const Json& root, std::string_view path) {
    const Json* at = &root;
    for_each_token(path, [&at](std::string_view token) {
        const Json* next = nullptr;
        if (at->is_object()) {
            if (const auto it = at->find(unescape(token)); it != at->end()) {
                next = &*it;
            }
        } else if (at->is_array()) {
            if (const auto index = index_of(token); index && *index < at->size()) {
                next = &(*at)[*index];
            }
        }
        at = next;
        return at != nullptr;
    });
    return at == nullptr || at->is_null() ? nullptr : at;
}

Result<std::optional<std::string>> optional_string_at(const Json& root, std::string_view path) {
    const Json* value = find(root, path);
    if (value == nullptr) {
        return std::optional<std::string>{};
    }
    if (!value->is_string()) {
        return wrong_type(path, "a string", *value);
    }
    return std::optional<std::string>{value->get<std::string>()};
}

Result<std::optional<std::int64_t>> optional_int_at(const Json& root, std::string_view path) {
    const Json* value = find(root, path);
    if (value == nullptr) {
        return std::optional<std::int64_t>{};
    }
    if (!fits_int64(*value)) {
        return wrong_type(path, "an integer", *value);
    }
    return std::optional<std::int64_t>{value->get<std::int64_t>()};
}

Result<std::optional<bool>> optional_bool_at(const Json& root, std::string_view path) {
    const Json* value = find(root, path);
    if (value == nullptr) {
        return std::optional<bool>{};
    }
    if (!value->is_boolean()) {
        return wrong_type(path, "true or false", *value);
    }
    return std::optional<bool>{value->get<bool>()};
}

Result<std::string> string_at(const Json& root, std::string_view path) { return required(path, optional_string_at(root, path)); }
Result<std::int64_t> int_at(const Json& root, std::string_view path) { return required(path, optional_int_at(root, path)); }
Result<bool> bool_at(const Json& root, std::string_view path) { return required(path, optional_bool_at(root, path)); }

std::string string_or(const Json& root, std::string_view path, std::string_view fallback) {
    const Json* value = find(root, path);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string(fallback);
}

std::int64_t int_or(const Json& root, std::string_view path, std::int64_t fallback) {
    const Json* value = find(root, path);
    return value != nullptr && fits_int64(*value) ? value->get<std::int64_t>() : fallback;
}

bool bool_or(const Json& root, std::string_view path, bool fallback) {
    const Json* value = find(root, path);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

const Json& array_or_empty(const Json& root, std::string_view path) {
    static const Json kEmpty = Json::array();
    const Json* value = find(root, path);
    return value != nullptr && value->is_array() ? *value : kEmpty;
}

const Json& object_or_empty(const Json& root, std::string_view path) {
    static const Json kEmpty = Json::object();
    const Json* value = find(root, path);
    return value != nullptr && value->is_object() ? *value : kEmpty;
}

std::string display_path(std::string_view path) {
    std::string out;
    for_each_token(path, [&out](std::string_view token) {
        const std::string name = unescape(token);
        if (index_of(token)) {
            out += '[' + name + ']';
        } else {
            out += (out.empty() ? "" : ".") + name;
        }
        return true;
    });
    return out;
}

}  // namespace cenote::kube
