// The whole program wired together: the cluster (Kubernetes or standalone), the controller over it, metrics and health. Built on the stack
// of main, runs until asked to stop.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/app/options.hpp"

#include <stop_token>

namespace cenote::app {

/// Blocks until `stop` is requested (success), or the program cannot go on.
[[nodiscard]] Result<void> run_operator(const Options& options, std::stop_token stop);

}  // namespace cenote::app
