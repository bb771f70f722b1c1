#include "dataplane/gate/derivations.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace cenote::gate {

Derivations::Derivations(std::size_t threads) : most_(std::max<std::size_t>(threads, 1)) {}

void Derivations::add(For whom, std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
        return;
    }
    (whom == For::kServer ? servers_ : clients_).push_back(std::move(task));
    if (threads_.size() < most_ && servers_.size() + clients_.size() > threads_.size()) {
        threads_.emplace_back([this] { run(); });
        ::pthread_setname_np(threads_.back().native_handle(), "derivation");
    }
    wake_.notify_one();
}

void Derivations::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !servers_.empty() || !clients_.empty(); });
        if (stopping_) {
            return;
        }
        auto& queue = servers_.empty() ? clients_ : servers_;
        auto task = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        task();
        task = nullptr;  // what it holds goes before the lock is taken again
        lock.lock();
    }
}

void Derivations::stop() {
    std::vector<std::thread> threads;
    std::deque<std::function<void()>> dropped;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        threads.swap(threads_);
        dropped.swap(clients_);
        std::move(servers_.begin(), servers_.end(), std::back_inserter(dropped));
        servers_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads) {
        thread.join();
    }
}

}  // namespace cenote::gate
