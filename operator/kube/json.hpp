// The one door to JSON: the type, parsing without exceptions, and readers whose errors carry the field's path. Values are plain; any
// thread. Paths are JSON pointers (RFC 6901): "/spec/database/host", "/spec/workloads/0/name", "/metadata/labels/app.kubernetes.io~1name".
#pragma once

#include "dataplane/base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::kube {

using Json = nlohmann::json;

[[nodiscard]] Result<Json> parse_json(std::string_view text);
/// Compact; bytes that are not UTF-8 become U+FFFD, so it cannot fail.
[[nodiscard]] std::string dump_json(const Json& value);

/// The value at the path; nullptr when any part of it is absent, or when it is null (Kubernetes treats both alike).
[[nodiscard]] const Json* find(const Json& root, std::string_view path);

// Required fields: absent or of another type is an error, "spec.database.host: must be a string, is a number".
[[nodiscard]] Result<std::string> string_at(const Json& root, std::string_view path);
[[nodiscard]] Result<std::int64_t> int_at(const Json& root, std::string_view path);
[[nodiscard]] Result<bool> bool_at(const Json& root, std::string_view path);

// Optional fields: absent is nullopt, another type is an error.
[[nodiscard]] Result<std::optional<std::string>> optional_string_at(const Json& root, std::string_view path);
[[nodiscard]] Result<std::optional<std::int64_t>> optional_int_at(const Json& root, std::string_view path);
[[nodiscard]] Result<std::optional<bool>> optional_bool_at(const Json& root, std::string_view path);

// For objects the API server has validated already: absent or of another type gives the fallback.
[[nodiscard]] std::string string_or(const Json& root, std::string_view path, std::string_view fallback = {});
[[nodiscard]] std::int64_t int_or(const Json& root, std::string_view path, std::int64_t fallback = 0);
[[nodiscard]] bool bool_or(const Json& root, std::string_view path, bool fallback = false);
/// The array or object at the path, or an empty one that lives for ever.
[[nodiscard]] const Json& array_or_empty(const Json& root, std::string_view path);
[[nodiscard]] const Json& object_or_empty(const Json& root, std::string_view path);

/// "/spec/workloads/0/name" -> "spec.workloads[0].name", as kubectl prints field paths.
[[nodiscard]] std::string display_path(std::string_view path);

}  // namespace cenote::kube
