#include "operator/kube/api_error.hpp"

#include <cstddef>

namespace cenote::kube {
namespace {

using Kind = ApiError::Kind;

// A proxy's error page can be of any size; people need its beginning.
constexpr std::size_t kMaxForeignMessage = 500;

Kind kind_of_conflict(std::string_view reason) { return reason == "AlreadyExists" ? Kind::kAlreadyExists : Kind::kConflict; }

// "Too large resource version" comes as 504 Timeout with this cause (apiserver, storage/errors.go); the cure is a list from scratch.
bool has_cause(const Json& status, std::string_view cause) {
    for (const Json& entry : array_or_empty(status, "/details/causes")) {
        if (string_or(entry, "/reason") == cause) {
            return true;
        }
    }
    return false;
}

Kind kind_from(int code, std::string_view reason) {
    switch (code) {
        case 400:
        case 422:
            return Kind::kInvalid;
        case 401:
            return Kind::kUnauthorized;
        case 403:
            return Kind::kForbidden;
        case 404:
            return Kind::kNotFound;
        case 409:
            return kind_of_conflict(reason);
        case 410:
            return Kind::kGone;
        case 429:
            return Kind::kThrottled;
        case 500:
        case 502:
        case 503:
        case 504:
            return Kind::kUnavailable;
        default:
            return Kind::kOther;
    }
}

ApiError from_status(int code, const Json& status) {
    ApiError error;
    error.http_status = code;
    error.reason = string_or(status, "/reason");
    error.kind = error.reason == "Expired" || error.reason == "Gone" || has_cause(status, "ResourceVersionTooLarge")
                     ? Kind::kGone
                     : kind_from(code, error.reason);
    error.message = string_or(status, "/message", error.reason);
    error.namespace_terminating = has_cause(status, "NamespaceTerminating");
    if (const auto seconds = int_or(status, "/details/retryAfterSeconds"); seconds > 0) {
        error.retry_after = std::chrono::seconds(seconds);
    }
    return error;
}

}  // namespace

bool ApiError::is_transient() const { return kind == Kind::kThrottled || kind == Kind::kUnavailable || kind == Kind::kConflict; }

std::string_view to_string(ApiError::Kind kind) {
    switch (kind) {
        case Kind::kNotFound:
            return "NotFound";
        case Kind::kAlreadyExists:
            return "AlreadyExists";
        case Kind::kConflict:
            return "Conflict";
        case Kind::kGone:
            return "Gone";
        case Kind::kInvalid:
            return "Invalid";
        case Kind::kForbidden:
            return "Forbidden";
        case Kind::kUnauthorized:
            return "Unauthorized";
        case Kind::kThrottled:
            return "Throttled";
        case Kind::kUnavailable:
            return "Unavailable";
        case Kind::kOther:
            return "Other";
    }
    return "Other";
}

ApiError make_api_error(int http_status, std::string_view body, std::optional<std::chrono::seconds> retry_after) {
    const auto parsed = parse_json(body);
    ApiError error;
    if (parsed && parsed->is_object() && string_or(*parsed, "/kind") == "Status") {
        error = from_status(http_status, *parsed);
    } else {
        error.kind = kind_from(http_status, "");
        error.http_status = http_status;
        error.message = fmt::format("HTTP {}: {}", http_status, body.substr(0, kMaxForeignMessage));
    }
    if (retry_after) {
        error.retry_after = retry_after;
    }
    return error;
}

ApiError make_api_error(const Json& status) {
    const auto code = int_or(status, "/code");
    return from_status(code >= 0 && code < 1000 ? static_cast<int>(code) : 0, status);
}

ApiError make_api_error(ApiError::Kind kind, std::string message) {
    ApiError error;
    error.kind = kind;
    error.message = std::move(message);
    return error;
}

}  // namespace cenote::kube
