#include "operator/runtime/result.hpp"

#include <fmt/format.h>

namespace cenote::runtime {

ReconcileResult ReconcileResult::from(const kube::ApiError& error) {
    using Kind = kube::ApiError::Kind;
    if (error.namespace_terminating) {
        return done();  // the object goes with its namespace; there is nothing to do and nobody to tell
    }
    if (error.retry_after) {
        return requeue_after(*error.retry_after);
    }
    std::string text = fmt::format("{}: {}", kube::to_string(error.kind), error.message);
    return error.kind == Kind::kInvalid ? terminal_error(std::move(text)) : ReconcileResult::error(std::move(text));
}

}  // namespace cenote::runtime
