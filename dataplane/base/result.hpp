// Result<T>: a value or an Error. The small part of std::expected that GCC 12's C++20 does not have; same names, so it can be replaced by
// it.
#pragma once

#include "dataplane/base/assert.hpp"
#include "dataplane/base/error.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace cenote {

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

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

    [[nodiscard]] const Error& error() const& {
        CENOTE_CHECK(!has_value());
        return std::get<1>(state_);
    }
    [[nodiscard]] Error&& error() && {
        CENOTE_CHECK(!has_value());
        return std::get<1>(std::move(state_));
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] const Error& error() const& {
        CENOTE_CHECK(failed_);
        return error_;
    }
    [[nodiscard]] Error&& error() && {
        CENOTE_CHECK(failed_);
        return std::move(error_);
    }

private:
    Error error_;
    bool failed_ = false;
};

}  // namespace cenote
