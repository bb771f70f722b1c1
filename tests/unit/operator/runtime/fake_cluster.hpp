// A Cluster in memory for the tests of the machinery: objects, watches fed by its own changes, and failures on demand. Thread-safe.
#pragma once

#include "operator/kube/cluster.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cenote::runtime {

class FakeCluster final : public kube::Cluster {
public:
    using Json = kube::Json;
    template <class T>
    using ApiResult = kube::ApiResult<T>;

    kube::ApiResult<Json> get(const kube::ResourceType& type, const kube::ObjectName& name) override {
        const std::lock_guard lock(mutex_);
        if (auto failure = take_failure("get")) {
            return std::move(*failure);
        }
        const auto it = objects_.find(key(type, name));
        return it == objects_.end() ? ApiResult<Json>(not_found()) : ApiResult<Json>(it->second);
    }
    kube::ApiResult<kube::ListResult> list(const kube::ResourceType& type, const kube::ListOptions&) override {
        const std::lock_guard lock(mutex_);
        ++lists;
        if (auto failure = take_failure("list")) {
            changed_.notify_all();
            return std::move(*failure);
        }
        kube::ListResult result;
        for (const auto& [name, object] : objects_) {
            if (name.first == type.plural) {
                result.items.push_back(object);
            }
        }
        result.resource_version = std::to_string(version_);
        delivered_[std::string(type.plural)] = events_.size();
        return result;
    }
    kube::ApiResult<Json> create(const kube::ResourceType& type, const kube::ObjectName& name, Json object) override {
        const std::lock_guard lock(mutex_);
        if (auto failure = take_failure("create")) {
            return std::move(*failure);
        }
        if (objects_.contains(key(type, name))) {
            return kube::make_api_error(kube::ApiError::Kind::kAlreadyExists, "exists");
        }
        return store(type, name, std::move(object), kube::WatchEvent::Type::kAdded);
    }
    kube::ApiResult<Json> apply(const kube::ResourceType& type, const kube::ObjectName& name, Json object) override {
        const std::lock_guard lock(mutex_);
        const bool exists = objects_.contains(key(type, name));
        return store(type, name, std::move(object), exists ? kube::WatchEvent::Type::kModified : kube::WatchEvent::Type::kAdded);
    }
    kube::ApiResult<Json> apply_status(const kube::ResourceType& type, const kube::ObjectName& name, Json status) override {
        return merge_patch(type, name, {{"status", std::move(status)}});
    }
    kube::ApiResult<Json> merge_patch(const kube::ResourceType& type, const kube::ObjectName& name, Json patch) override {
        const std::lock_guard lock(mutex_);
        if (auto failure = take_failure("merge_patch")) {
            return std::move(*failure);
        }
        const auto it = objects_.find(key(type, name));
        if (it == objects_.end()) {
            return not_found();
        }
        if (const auto wanted = kube::resource_version_of(patch); !wanted.empty() && wanted != kube::resource_version_of(it->second)) {
            return kube::make_api_error(kube::ApiError::Kind::kConflict, "moved on");
        }
        Json object = it->second;
        object.merge_patch(patch);
        return store(type, name, std::move(object), kube::WatchEvent::Type::kModified);
    }
    kube::ApiResult<void> remove(const kube::ResourceType& type, const kube::ObjectName& name, kube::Propagation) override {
        const std::lock_guard lock(mutex_);
        auto node = objects_.extract(key(type, name));
        if (!node) {
            return not_found();
        }
        events_.push_back({std::string(type.plural), {kube::WatchEvent::Type::kDeleted, node.mapped()}});
        changed_.notify_all();
        return {};
    }
    kube::ApiResult<void> emit(const kube::EventRecord& event) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !hold_emits; });
        emitted.push_back(event);
        changed_.notify_all();
        return {};
    }
    kube::ApiResult<void> watch(
        const kube::ResourceType& type, const kube::WatchOptions&, const std::function<void(kube::WatchEvent)>& on_event,
        std::stop_token stop
    ) override {
        std::unique_lock lock(mutex_);
        ++watches;
        std::size_t at =
            delivered_[std::string(type.plural)];  // catches up with what happened since, as the real one does by resourceVersion
        changed_.notify_all();
        for (;;) {
            while (at < events_.size()) {
                const auto [plural, event] = events_[at++];
                delivered_[std::string(type.plural)] = at;
                if (plural == type.plural) {
                    lock.unlock();
                    on_event(event);
                    lock.lock();
                }
            }
            if (auto failure = take_failure("watch")) {
                return std::move(*failure);
            }
            if (end_watches_ > 0) {
                --end_watches_;
                return {};
            }
            if (!changed_.wait(lock, stop, [&] { return at < events_.size() || failures_.contains("watch") || end_watches_ > 0; })) {
                return {};
            }
        }
    }

    /// The next call of that name fails so.
    void fail(const std::string& call, kube::ApiError error) {
        const std::lock_guard lock(mutex_);
        failures_[call].push_back(std::move(error));
        changed_.notify_all();
    }
    /// One watch that runs, or the next, ends as the server ends it.
    void end_one_watch() {
        const std::lock_guard lock(mutex_);
        ++end_watches_;
        changed_.notify_all();
    }
    /// Changes the objects without a watch event, as what happened while a watch was broken.
    void remove_silently(const kube::ResourceType& type, const kube::ObjectName& name) {
        const std::lock_guard lock(mutex_);
        objects_.erase(key(type, name));
    }
    template <class Condition>
    void wait_until(Condition condition) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, condition);
    }
    void release_emits() {
        const std::lock_guard lock(mutex_);
        hold_emits = false;
        changed_.notify_all();
    }

    int lists = 0;
    int watches = 0;
    bool hold_emits = false;
    std::vector<kube::EventRecord> emitted;

private:
    using Key = std::pair<std::string, kube::ObjectName>;
    static Key key(const kube::ResourceType& type, const kube::ObjectName& name) { return {std::string(type.plural), name}; }
    static kube::ApiError not_found() { return kube::make_api_error(kube::ApiError::Kind::kNotFound, "none"); }

    std::optional<kube::ApiError> take_failure(const std::string& call) {
        const auto it = failures_.find(call);
        if (it == failures_.end()) {
            return std::nullopt;
        }
        kube::ApiError error = std::move(it->second.front());
        it->second.pop_front();
        if (it->second.empty()) {
            failures_.erase(it);
        }
        return error;
    }
    Json store(const kube::ResourceType& type, const kube::ObjectName& name, Json object, kube::WatchEvent::Type event) {
        object["metadata"]["name"] = name.name;
        object["metadata"]["namespace"] = name.ns;
        object["metadata"]["resourceVersion"] = std::to_string(++version_);
        objects_[key(type, name)] = object;
        events_.push_back({std::string(type.plural), {event, object}});
        changed_.notify_all();
        return object;
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::map<Key, Json> objects_;
    std::vector<std::pair<std::string, kube::WatchEvent>> events_;
    std::map<std::string, std::size_t> delivered_;
    std::map<std::string, std::deque<kube::ApiError>> failures_;
    int version_ = 0;
    int end_watches_ = 0;
};

}  // namespace cenote::runtime
