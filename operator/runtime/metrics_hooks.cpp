#include "operator/runtime/metrics_hooks.hpp"

namespace cenote::runtime {

MetricsHooks& no_metrics() {
    static MetricsHooks none;
    return none;
}

}  // namespace cenote::runtime
