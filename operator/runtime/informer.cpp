#include "operator/runtime/informer.hpp"

#include "dataplane/base/log.hpp"
#include "operator/runtime/reflector_fsm.hpp"

#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

namespace cenote::runtime {

struct Informer::Sync {
    mutable std::mutex mutex;
    mutable std::condition_variable_any changed;
    bool synced = false;
};

Informer::Informer(kube::Cluster& cluster, InformerOptions options)
    : cluster_(cluster), options_(std::move(options)), sync_(std::make_unique<Sync>()) {}

Informer::~Informer() { stop(); }

void Informer::add_handler(Handler handler) { handlers_.push_back(std::move(handler)); }

void Informer::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Informer::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

bool Informer::has_synced() const {
    const std::lock_guard lock(sync_->mutex);
    return sync_->synced;
}

bool Informer::wait_for_sync(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(sync_->mutex);
    return sync_->changed.wait_for(lock, timeout, [this] { return sync_->synced; });
}

void Informer::tell(const std::vector<ObjectChange>& changes) const {
    for (const ObjectChange& change : changes) {
        for (const Handler& handler : handlers_) {
            handler(change);
        }
    }
}

void Informer::on_event(kube::WatchEvent event) {
    if (event.type == kube::WatchEvent::Type::kBookmark) {
        return;
    }
    ObjectChange change = event.type == kube::WatchEvent::Type::kDeleted ? store_.remove(kube::object_name_of(event.object))
                                                                         : store_.put(std::move(event.object));
    if (change.before || change.after) {
        tell({std::move(change)});
    }
}

void Informer::on_list(std::vector<kube::Json> items) {
    const auto changes = store_.replace(std::move(items));
    ++lists_done_;
    tell(changes);
    const std::lock_guard lock(sync_->mutex);
    sync_->synced = true;
    sync_->changed.notify_all();
}

void Informer::run(const std::stop_token& stop) {
    // Spreads the watches' ends over time; nothing hangs on its quality.
    std::minstd_rand random(std::random_device{}());
    ReflectorFsm fsm([&random] { return std::uniform_real_distribution<double>(0, 1)(random); });
    ReflectorFsm::Step step = fsm.start();
    while (!stop.stop_requested()) {
        if (step.wait > Duration::zero()) {
            std::unique_lock lock(sync_->mutex);
            sync_->changed.wait_for(lock, stop, step.wait, [] { return false; });
            if (stop.stop_requested()) {
                return;
            }
        }
        step = step.kind == ReflectorFsm::Step::Kind::kList ? list(fsm, step) : watch(fsm, step, stop);
    }
}

ReflectorFsm::Step Informer::list(ReflectorFsm& fsm, const ReflectorFsm::Step& step) {
    auto listed = cluster_.list(options_.type, {options_.ns, options_.label_selector, options_.field_selector, step.resource_version});
    if (!listed) {
        log::warning("cannot list {}: {}", options_.type.plural, listed.error().message);
        return fsm.on_list_failed(listed.error(), Clock::now());
    }
    on_list(std::move(listed->items));
    return fsm.on_listed(listed->resource_version, Clock::now());
}

ReflectorFsm::Step Informer::watch(ReflectorFsm& fsm, const ReflectorFsm::Step& step, const std::stop_token& stop) {
    const kube::WatchOptions options{options_.ns, options_.label_selector, options_.field_selector, step.resource_version, step.timeout};
    const auto handle = [this, &fsm](kube::WatchEvent event) {
        fsm.on_event(event);
        on_event(std::move(event));
    };
    const auto ended = cluster_.watch(options_.type, options, handle, stop);
    if (!ended && !stop.stop_requested()) {
        log::info("watch of {} ended: {}", options_.type.plural, ended.error().message);
    }
    return fsm.on_watch_ended(ended ? std::nullopt : std::optional(ended.error()), Clock::now());
}

}  // namespace cenote::runtime
