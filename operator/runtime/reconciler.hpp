// What a controller runs: bring one named object's world in line with its spec. Level-based: it is told a name, never what happened to it.
#pragma once

#include "operator/kube/object.hpp"
#include "operator/runtime/result.hpp"

namespace cenote::runtime {

class Reconciler {
public:
    Reconciler() = default;
    Reconciler(const Reconciler&) = delete;
    Reconciler& operator=(const Reconciler&) = delete;
    virtual ~Reconciler() = default;

    /// Called from any of the controller's workers; never for one name by two at once. It may block on the cluster. Idempotent.
    virtual ReconcileResult reconcile(const kube::ObjectName& name) = 0;
};

}  // namespace cenote::runtime
