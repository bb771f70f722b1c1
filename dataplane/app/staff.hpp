// Who does the work, and what they share. Borrowed from the application by its parts.
#pragma once

#include "dataplane/gate/gate.hpp"
#include "dataplane/registry/process.hpp"
#include "dataplane/worker/worker.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace cenote::app {

struct Staff {
    registry::Process& process;
    gate::Gate& gate;
    std::vector<std::unique_ptr<worker::Worker>>& workers;
};

/// Asks each worker in turn and waits for its answer. Not on a worker's thread, nor on the gate's.
void ask_each_worker(const Staff& staff, const std::function<void(worker::Worker&, std::function<void()> done)>& ask);

}  // namespace cenote::app
