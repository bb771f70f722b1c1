// What one reconcile came to. The controller's one switch turns it into a queue operation and a metric label. A value.
#pragma once

#include "operator/kube/api_error.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace cenote::runtime {

class [[nodiscard]] ReconcileResult {
public:
    enum class Kind {
        kDone,           // forget the key's failures; the next event brings it back
        kRequeueAfter,   // forget, and come back after `delay` at the latest
        kError,          // come back with the key's own back-off
        kTerminalError,  // retrying does not help until something changes
    };

    [[nodiscard]] static ReconcileResult done() { return {Kind::kDone, {}, {}}; }
    [[nodiscard]] static ReconcileResult requeue_after(std::chrono::milliseconds delay) { return {Kind::kRequeueAfter, delay, {}}; }
    [[nodiscard]] static ReconcileResult error(std::string message) { return {Kind::kError, {}, std::move(message)}; }
    [[nodiscard]] static ReconcileResult terminal_error(std::string message) { return {Kind::kTerminalError, {}, std::move(message)}; }
    /// By the error's kind: what the server asked to retry later comes back then, an invalid object is terminal, nothing can be
    /// done in a namespace that is going away; anything else is an error with back-off.
    [[nodiscard]] static ReconcileResult from(const kube::ApiError& error);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::chrono::milliseconds delay() const { return delay_; }
    [[nodiscard]] const std::string& message() const { return message_; }

    bool operator==(const ReconcileResult&) const = default;

private:
    ReconcileResult(Kind kind, std::chrono::milliseconds delay, std::string message)
        : kind_(kind), delay_(delay), message_(std::move(message)) {}

    Kind kind_;
    std::chrono::milliseconds delay_;
    std::string message_;
};

}  // namespace cenote::runtime
