#include "operator/runtime/controller.hpp"

#include "dataplane/base/log.hpp"

#include <exception>
#include <utility>

namespace cenote::runtime {
namespace {

// A reconciler should not throw; if one does, the process must not end over one object.
ReconcileResult guarded(Reconciler& reconciler, const kube::ObjectName& name, bool& threw) {
    try {
        return reconciler.reconcile(name);
    } catch (const std::exception& error) {
        threw = true;
        return ReconcileResult::error(fmt::format("exception: {}", error.what()));
    }
}

}  // namespace

Controller::Controller(ControllerOptions options, Reconciler& reconciler, MetricsHooks& metrics)
    : options_(std::move(options)), reconciler_(reconciler), metrics_(metrics), queue_(options_.name, options_.limits, metrics) {}

Controller::~Controller() { stop(); }

void Controller::watch(Informer& informer, MapFunction map, Predicate when) {
    informer.add_handler([this, map = std::move(map), when = std::move(when)](const ObjectChange& change) {
        if (!when(change)) {
            return;
        }
        // Both sides: an object that changed hands concerns its old owner too.
        for (const ObjectPtr& object : {change.after, change.before}) {
            if (object) {
                for (const kube::ObjectName& name : map(*object)) {
                    queue_.add(name);
                }
            }
        }
    });
}

void Controller::start() {
    metrics_.controller_started(options_.name, options_.workers);
    for (std::size_t i = 0; i < options_.workers; ++i) {
        workers_.emplace_back([this] { work(); });
    }
}

void Controller::stop() {
    queue_.shut_down();
    workers_.clear();  // joins
}

void Controller::work() {
    while (const auto name = queue_.get()) {
        handle(*name);
        queue_.done(*name);
    }
}

bool Controller::process_one() {
    const auto name = queue_.try_get();
    if (!name) {
        return false;
    }
    handle(*name);
    queue_.done(*name);
    return true;
}

void Controller::handle(const kube::ObjectName& name) {
    metrics_.reconcile_started(options_.name);
    const TimePoint began = Clock::now();
    bool threw = false;
    const ReconcileResult result = guarded(reconciler_, name, threw);
    std::string_view label;
    switch (result.kind()) {
        case ReconcileResult::Kind::kDone:
            queue_.forget(name);
            label = "success";
            break;
        case ReconcileResult::Kind::kRequeueAfter:
            queue_.forget(name);
            queue_.add_after(name, result.delay());
            label = "requeue_after";
            break;
        case ReconcileResult::Kind::kError:
            log::warning("{}: {}: {}", options_.name, name.to_string(), result.message());
            queue_.add_rate_limited(name);
            label = "error";
            break;
        case ReconcileResult::Kind::kTerminalError:
            log::error("{}: {}: {} (waiting for a change)", options_.name, name.to_string(), result.message());
            queue_.forget(name);
            metrics_.reconcile_terminal_error(options_.name);
            label = "error";
            break;
    }
    if (threw) {
        metrics_.reconcile_panicked(options_.name);
    }
    metrics_.reconcile_finished(options_.name, label, Clock::now() - began);
}

}  // namespace cenote::runtime
