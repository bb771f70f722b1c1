#include "operator/runtime/event_recorder.hpp"

#include "dataplane/base/log.hpp"

#include <utility>

namespace cenote::runtime {

EventRecorder::EventRecorder(kube::Cluster& cluster, std::size_t max_pending, WallNow now)
    : cluster_(cluster), max_pending_(max_pending), now_(std::move(now)), thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

EventRecorder::~EventRecorder() { stop(std::chrono::milliseconds(0)); }

void EventRecorder::record(const kube::ObjectReference& regarding, Type type, std::string reason, std::string action, std::string note) {
    kube::EventRecord event;
    event.regarding = regarding;
    event.type = type;
    event.reason = std::move(reason);
    event.action = std::move(action);
    event.note = std::move(note);
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || pending_.size() >= max_pending_) {
            ++dropped_;
            return;
        }
        auto ready = aggregator_.observe(std::move(event), now_());
        if (!ready) {
            return;
        }
        pending_.push_back(std::move(*ready));
    }
    changed_.notify_all();
}

void EventRecorder::record(const kube::Json& regarding, Type type, std::string reason, std::string action, std::string note) {
    record(kube::reference_to(regarding), type, std::move(reason), std::move(action), std::move(note));
}

void EventRecorder::run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !pending_.empty(); }) && !stop.stop_requested()) {
        const kube::EventRecord event = std::move(pending_.front());
        pending_.pop_front();
        writing_ = true;
        lock.unlock();
        if (const auto written = cluster_.emit(event); !written) {
            log::info("event {} about {} was not written: {}", event.reason, event.regarding.name, written.error().message);
        }
        lock.lock();
        writing_ = false;
        changed_.notify_all();
    }
}

void EventRecorder::stop(std::chrono::milliseconds grace) {
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        changed_.wait_for(lock, grace, [this] { return pending_.empty() && !writing_; });
    }
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

std::uint64_t EventRecorder::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

}  // namespace cenote::runtime
