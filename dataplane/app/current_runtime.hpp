// The configuration the process runs by, and how its reloads went. Any thread may ask; the control thread sets.
#pragma once

#include "dataplane/registry/runtime.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace cenote::app {

class CurrentRuntime {
public:
    struct Reloads {
        std::uint64_t done = 0;
        std::uint64_t refused = 0;
        std::string last_error{};  // of the last attempt; empty if it went well
    };

    explicit CurrentRuntime(std::shared_ptr<const registry::Runtime> runtime) : runtime_(std::move(runtime)) {}

    [[nodiscard]] std::shared_ptr<const registry::Runtime> get() const {
        const std::lock_guard lock(mutex_);
        return runtime_;
    }
    [[nodiscard]] std::shared_ptr<const config::Config> config() const { return get()->config; }
    void set(std::shared_ptr<const registry::Runtime> runtime) {
        const std::lock_guard lock(mutex_);
        runtime_ = std::move(runtime);
    }

    [[nodiscard]] Reloads reloads() const {
        const std::lock_guard lock(mutex_);
        return reloads_;
    }
    void note_reload(bool changed) {
        const std::lock_guard lock(mutex_);
        reloads_.done += changed ? 1 : 0;
        reloads_.last_error.clear();
    }
    void note_refused(std::string reason) {
        const std::lock_guard lock(mutex_);
        ++reloads_.refused;
        reloads_.last_error = std::move(reason);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const registry::Runtime> runtime_;
    Reloads reloads_;
};

}  // namespace cenote::app
