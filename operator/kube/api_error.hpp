// Why the cluster refused or could not be asked, in the words a controller branches on, and ApiResult<T> that carries it. Values; any
// thread. Rule: HTTP status and Status.reason of the Kubernetes API (apimachinery/pkg/apis/meta/v1/types.go).
#pragma once

#include "dataplane/base/assert.hpp"
#include "operator/kube/json.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace cenote::kube {

struct ApiError {
    enum class Kind {
        kNotFound,       // 404
        kAlreadyExists,  // 409 AlreadyExists: adopt? look at the owner first
        kConflict,       // 409 Conflict: read again, retry
        kGone,           // 410 Gone/Expired, or a resourceVersion the server has not reached: list again
        kInvalid,        // 400, 422: the object is wrong; retrying does not help
        kForbidden,      // 403: RBAC, quota, or a namespace that is going away
        kUnauthorized,   // 401
        kThrottled,      // 429
        kUnavailable,    // no connection, 500, 502, 503, 504
        kOther,
    };

    Kind kind = Kind::kOther;
    std::string message;
    int http_status = 0;                              // 0: no answer came
    std::string reason;                               // Status.reason verbatim, "" if none
    std::optional<std::chrono::seconds> retry_after;  // what the server asked for
    bool namespace_terminating = false;               // 403 with that cause: stop quietly

    /// The same call may succeed later without anybody changing anything.
    [[nodiscard]] bool is_transient() const;
};

[[nodiscard]] std::string_view to_string(ApiError::Kind kind);
/// From an answer of status >= 400; the body is a Status object when the API server wrote it, anything at all when a proxy did.
[[nodiscard]] ApiError make_api_error(int http_status, std::string_view body, std::optional<std::chrono::seconds> retry_after = {});
/// From a Status object, as a watch's ERROR event carries it.
[[nodiscard]] ApiError make_api_error(const Json& status);
[[nodiscard]] ApiError make_api_error(ApiError::Kind kind, std::string message);

/// A T or an ApiError; the same names as Result<T>.
template <class T>
class [[nodiscard]] ApiResult {
public:
    ApiResult(T value) : state_(std::in_place_index<0>, std::move(value)) {}         // NOLINT(google-explicit-constructor)
    ApiResult(ApiError error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& value() & {
        CENOTE_CHECK(has_value());
        return std::get<0>(state_);
    }
    [[nodiscard]] const T& value() const& {
        CENOTE_CHECK(has_value());
        return std::get<0>(state_);
    }
    [[nodiscard]] T&& value() && {
        CENOTE_CHECK(has_value());
        return std::get<0>(std::move(state_));
    }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    [[nodiscard]] const ApiError& error() const& {
        CENOTE_CHECK(!has_value());
        return std::get<1>(state_);
    }
    [[nodiscard]] ApiError&& error() && {
        CENOTE_CHECK(!has_value());
        return std::get<1>(std::move(state_));
    }
    [[nodiscard]] bool failed_with(ApiError::Kind kind) const noexcept { return !has_value() && std::get<1>(state_).kind == kind; }

private:
    std::variant<T, ApiError> state_;
};

template <>
class [[nodiscard]] ApiResult<void> {
public:
    ApiResult() = default;
    ApiResult(ApiError error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const ApiError& error() const& {
        CENOTE_CHECK(error_.has_value());
        return *error_;
    }
    [[nodiscard]] ApiError&& error() && {
        CENOTE_CHECK(error_.has_value());
        return std::move(*error_);
    }
    [[nodiscard]] bool failed_with(ApiError::Kind kind) const noexcept { return error_.has_value() && error_->kind == kind; }

private:
    std::optional<ApiError> error_;
};

}  // namespace cenote::kube
