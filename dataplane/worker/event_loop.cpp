#include "dataplane/worker/event_loop.hpp"

#include "dataplane/base/assert.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace cenote::worker {
namespace {

std::uint64_t key_of(int fd, std::uint32_t generation) { return std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(fd); }

}  // namespace

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), batch_(kBatch) {
    CENOTE_CHECK(epoll_.open() && wake_.open());
    add(wake_.get(), Watched::kNone, nullptr, EPOLLIN);
}

void EventLoop::add(int fd, Watched kind, void* object, std::uint32_t events) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= entries_.size()) {
        entries_.resize(std::max<std::size_t>(index + 1, entries_.size() * 2));
    }
    auto& entry = entries_[index];
    entry = {object, entry.generation + 1, kind};
    epoll_event event{};
    event.events = events;
    event.data.u64 = key_of(fd, entry.generation);
    CENOTE_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void EventLoop::modify(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key_of(fd, entries_[static_cast<std::size_t>(fd)].generation);
    CENOTE_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::remove(int fd) {
    auto& entry = entries_[static_cast<std::size_t>(fd)];
    entry = {nullptr, entry.generation + 1, Watched::kNone};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::post(Task task) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = tasks_.empty();
        tasks_.push_back(std::move(task));
    }
    if (first) {
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake_.get(), &one, sizeof one));
    }
}

void EventLoop::wait(TimePoint deadline) {
    int timeout = -1;
    if (deadline != TimePoint::max()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        timeout = static_cast<int>(std::clamp<long>(left, 0, 60'000));
    }
    collected_ = std::max(0, ::epoll_wait(epoll_.get(), batch_.data(), kBatch, timeout));
    given_ = 0;
}

bool EventLoop::next(Event& event) {
    while (given_ < collected_) {
        const auto& raw = batch_[static_cast<std::size_t>(given_++)];
        const auto fd = static_cast<int>(raw.data.u64 & 0xFFFFFFFFU);
        if (fd == wake_.get()) {
            std::uint64_t count = 0;
            static_cast<void>(::read(wake_.get(), &count, sizeof count));
            run_tasks();
            continue;
        }
        const auto& entry = entries_[static_cast<std::size_t>(fd)];
        if (entry.generation == raw.data.u64 >> 32U && entry.object != nullptr) {
            event = {entry.kind, entry.object, raw.events};
            return true;
        }
    }
    return false;
}

void EventLoop::run_tasks() {
    {
        const std::lock_guard lock(mutex_);
        running_.swap(tasks_);
    }
    for (auto& task : running_) {
        task();
    }
    running_.clear();
}

}  // namespace cenote::worker
