#include "operator/standalone/memory_cluster.hpp"

#include "operator/standalone/selector.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <random>

namespace cenote::standalone {
namespace {

using kube::ApiError;
using kube::ApiResult;
using kube::Json;
using kube::ObjectName;
using kube::ResourceType;
using kube::WatchEvent;

constexpr std::size_t kRememberedChanges = 4096;

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

ApiError not_found(const ResourceType& type, const ObjectName& name) {
    ApiError error = kube::make_api_error(ApiError::Kind::kNotFound, fmt::format("{} \"{}\" not found", type.plural, name.name));
    error.http_status = 404;
    error.reason = "NotFound";
    return error;
}

ApiError conflict(const ResourceType& type, const ObjectName& name) {
    ApiError error =
        kube::make_api_error(ApiError::Kind::kConflict, fmt::format("{} \"{}\" has changed since it was read", type.plural, name.name));
    error.http_status = 409;
    error.reason = "Conflict";
    return error;
}

/// What a generation counts: everything but metadata and status.
Json desired_part(Json object) {
    object.erase("metadata");
    object.erase("status");
    return object;
}

/// What the store itself keeps in an object, and nobody may set.
void keep_system_fields(Json& next, const Json& live) {
    for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "name", "namespace"}) {
        if (const auto at = live["metadata"].find(field); at != live["metadata"].end()) {
            next["metadata"][field] = *at;
        } else {
            next["metadata"].erase(field);
        }
    }
    next["apiVersion"] = live["apiVersion"];
    next["kind"] = live["kind"];
}

/// metadata.resourceVersion and metadata.uid of a request are preconditions, not fields.
struct Precondition {
    std::string version;
    std::string uid;

    /// `live`: null when there is no such object.
    [[nodiscard]] bool holds(const Json* live) const {
        return (version.empty() || (live != nullptr && kube::resource_version_of(*live) == version)) &&
               (uid.empty() || (live != nullptr && kube::uid_of(*live) == uid));
    }
};

Precondition take_precondition(Json& object) {
    Precondition precondition;
    if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object()) {
        precondition = {kube::resource_version_of(object), kube::uid_of(object)};
        metadata->erase("resourceVersion");
        metadata->erase("uid");
    }
    return precondition;
}

bool selected(const Json& object, const std::string& ns, const std::string& labels, const std::string& fields) {
    return (ns.empty() || kube::namespace_of(object) == ns) && matches_labels(labels, object) && matches_fields(fields, object);
}

}  // namespace

ApiResult<Json> MemoryCluster::get(const ResourceType& type, const ObjectName& name) {
    const std::scoped_lock lock(mutex_);
    const auto at = objects_.find(key_of(type, name));
    if (at == objects_.end()) {
        return not_found(type, name);
    }
    return at->second.object;
}

ApiResult<kube::ListResult> MemoryCluster::list(const ResourceType& type, const kube::ListOptions& options) {
    const std::scoped_lock lock(mutex_);
    kube::ListResult result;
    result.resource_version = fmt::to_string(version_);
    for (const auto& [key, stored] : objects_) {
        if (key.kind == type.kind && selected(stored.object, options.ns, options.label_selector, options.field_selector)) {
            result.items.push_back(stored.object);
        }
    }
    return result;
}

ApiResult<Json> MemoryCluster::create(const ResourceType& type, const ObjectName& name, Json object) {
    {
        const std::scoped_lock lock(mutex_);
        if (objects_.contains(key_of(type, name))) {
            ApiError error =
                kube::make_api_error(ApiError::Kind::kAlreadyExists, fmt::format("{} \"{}\" already exists", type.plural, name.name));
            error.http_status = 409;
            error.reason = "AlreadyExists";
            return error;
        }
    }
    return apply(type, name, std::move(object));
}

ApiResult<Json> MemoryCluster::apply(const ResourceType& type, const ObjectName& name, Json object) {
    return apply_as(std::string(kube::kFieldManager), type, name, std::move(object));
}

ApiResult<Json> MemoryCluster::apply_as(const std::string& manager, const ResourceType& type, const ObjectName& name, Json object) {
    if (!object.is_object()) {
        return kube::make_api_error(ApiError::Kind::kInvalid, "the object is not a JSON object");
    }
    const Precondition precondition = take_precondition(object);
    object.erase("status");
    Json result;
    {
        const std::scoped_lock lock(mutex_);
        const Key key = key_of(type, name);
        const auto known = objects_.find(key);
        if (!precondition.holds(known == objects_.end() ? nullptr : &known->second.object)) {
            return conflict(type, name);
        }
        if (known == objects_.end()) {
            make_new(type, name);
        }
        Stored& stored = objects_[key];
        Json next = merge_applied(stored.object, stored.applied, manager, object);
        keep_system_fields(next, stored.object);
        result = commit(key, stored, std::move(next));
    }
    announce();
    return result;
}

ApiResult<Json> MemoryCluster::apply_status(const ResourceType& type, const ObjectName& name, Json status) {
    Json result;
    {
        const std::scoped_lock lock(mutex_);
        const Key key = key_of(type, name);
        const auto at = objects_.find(key);
        if (at == objects_.end()) {
            return not_found(type, name);
        }
        Json next =
            merge_applied(at->second.object, at->second.applied, fmt::format("{}/status", kube::kFieldManager), {{"status", status}});
        result = commit(key, at->second, std::move(next));
    }
    announce();
    return result;
}

ApiResult<Json> MemoryCluster::set_status(const ResourceType& type, const ObjectName& name, Json status) {
    Json result;
    {
        const std::scoped_lock lock(mutex_);
        const Key key = key_of(type, name);
        const auto at = objects_.find(key);
        if (at == objects_.end()) {
            return not_found(type, name);
        }
        Json next = at->second.object;
        next["status"] = std::move(status);
        result = commit(key, at->second, std::move(next));
    }
    announce();
    return result;
}

ApiResult<Json> MemoryCluster::merge_patch(const ResourceType& type, const ObjectName& name, Json patch) {
    const Precondition precondition = take_precondition(patch);
    Json result;
    {
        const std::scoped_lock lock(mutex_);
        const Key key = key_of(type, name);
        const auto at = objects_.find(key);
        if (at == objects_.end()) {
            return not_found(type, name);
        }
        if (!precondition.holds(&at->second.object)) {
            return conflict(type, name);
        }
        Json next = at->second.object;
        next.merge_patch(patch);
        keep_system_fields(next, at->second.object);
        result = commit(key, at->second, std::move(next));
    }
    announce();
    return result;
}

ApiResult<void> MemoryCluster::remove(const ResourceType& type, const ObjectName& name, kube::Propagation /*propagation*/) {
    {
        const std::scoped_lock lock(mutex_);
        const Key key = key_of(type, name);
        if (!objects_.contains(key)) {
            return not_found(type, name);
        }
        remove_locked(key);
    }
    announce();
    return {};
}

void MemoryCluster::purge(const ResourceType& type, const ObjectName& name) {
    {
        const std::scoped_lock lock(mutex_);
        erase(key_of(type, name));
    }
    announce();
}

ApiResult<void> MemoryCluster::watch(
    const ResourceType& type, const kube::WatchOptions& options, const std::function<void(WatchEvent)>& on_event, std::stop_token stop
) {
    const auto deadline = std::chrono::steady_clock::now() + options.timeout;
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    if (options.resource_version.empty()) {
        seen = version_;
    } else {
        const std::string& text = options.resource_version;
        std::from_chars(text.data(), text.data() + text.size(), seen);
    }
    while (!stop.stop_requested()) {
        if (seen < oldest_) {
            return kube::make_api_error(ApiError::Kind::kGone, "too old resource version");
        }
        std::vector<WatchEvent> batch;
        const auto first = std::upper_bound(changes_.begin(), changes_.end(), seen, [](std::uint64_t at, const Change& change) {
            return at < change.version;
        });
        for (auto change = first; change != changes_.end(); ++change) {
            if (change->kind == type.kind && selected(change->event.object, options.ns, options.label_selector, options.field_selector)) {
                batch.push_back(change->event);
            }
        }
        seen = version_;
        if (!batch.empty()) {
            lock.unlock();
            for (WatchEvent& event : batch) {
                on_event(std::move(event));
            }
            lock.lock();
            continue;
        }
        if (!wake_.wait_until(lock, stop, deadline, [&] { return version_ != seen; }) && std::chrono::steady_clock::now() >= deadline) {
            return {};
        }
    }
    return {};
}

Json& MemoryCluster::make_new(const ResourceType& type, const ObjectName& name) {
    static thread_local std::mt19937_64 random{std::random_device{}()};
    Json metadata{
        {"name", name.name},
        {"uid", fmt::format("{:08x}-0000-4000-8000-{:012x}", static_cast<std::uint32_t>(random()), ++uids_)},
        {"creationTimestamp", now_text()},
    };
    if (!name.ns.empty()) {
        metadata["namespace"] = name.ns;
    }
    Stored& stored = objects_[key_of(type, name)];
    stored.object = {{"apiVersion", type.api_version()}, {"kind", type.kind}, {"metadata", std::move(metadata)}};
    return stored.object;
}

Json MemoryCluster::commit(const Key& key, Stored& stored, Json next) {
    const bool is_new = kube::resource_version_of(stored.object).empty();
    if (!is_new && next == stored.object) {
        return next;  // as the API server: a write that changes nothing is none
    }
    if (next.contains("spec") && (is_new || desired_part(next) != desired_part(stored.object))) {
        next["metadata"]["generation"] = kube::generation_of(stored.object) + 1;
    }
    next["metadata"]["resourceVersion"] = fmt::to_string(version_ + 1);
    stored.object = next;
    if (kube::is_being_deleted(next) && kube::array_or_empty(next, "/metadata/finalizers").empty() && key.kind != kube::kPod.kind) {
        erase(key);
        return next;
    }
    record(is_new ? WatchEvent::Type::kAdded : WatchEvent::Type::kModified, key.kind, next);
    if (is_new && is_orphan(next)) {
        remove_locked(key);
    }
    return next;
}

/// Made for an owner that is gone already: the garbage collector's.
bool MemoryCluster::is_orphan(const Json& object) const {
    const auto owners = kube::owner_references_of(object);
    return !owners.empty() && std::none_of(owners.begin(), owners.end(), [&](const kube::OwnerReference& owner) {
        const auto at = objects_.find({owner.kind, {kube::namespace_of(object), owner.name}});
        return at != objects_.end() && kube::uid_of(at->second.object) == owner.uid;
    });
}

void MemoryCluster::record(WatchEvent::Type type, const std::string& kind, Json object) {
    ++version_;
    changes_.push_back({version_, kind, {type, std::move(object)}});
    if (changes_.size() > kRememberedChanges) {
        oldest_ = changes_.front().version;
        changes_.pop_front();
    }
}

void MemoryCluster::erase(const Key& key) {
    const auto at = objects_.find(key);
    if (at == objects_.end()) {
        return;
    }
    Json last = std::move(at->second.object);
    objects_.erase(at);
    const std::string uid = kube::uid_of(last);
    last["metadata"]["resourceVersion"] = fmt::to_string(version_ + 1);
    record(WatchEvent::Type::kDeleted, key.kind, std::move(last));

    std::vector<Key> dependents;
    for (const auto& [other, stored] : objects_) {
        const auto owners = kube::owner_references_of(stored.object);
        if (std::any_of(owners.begin(), owners.end(), [&uid](const auto& owner) { return owner.uid == uid; })) {
            dependents.push_back(other);
        }
    }
    for (const Key& dependent : dependents) {
        remove_locked(dependent);
    }
}

void MemoryCluster::remove_locked(const Key& key) {
    const auto at = objects_.find(key);
    if (at == objects_.end()) {
        return;
    }
    const bool held = key.kind == kube::kPod.kind || !kube::array_or_empty(at->second.object, "/metadata/finalizers").empty();
    if (!held) {
        erase(key);
        return;
    }
    if (!kube::is_being_deleted(at->second.object)) {
        Json next = at->second.object;
        next["metadata"]["deletionTimestamp"] = now_text();
        commit(key, at->second, std::move(next));
    }
}

void MemoryCluster::announce() {
    wake_.notify_all();
    if (changed_) {
        changed_();
    }
}

}  // namespace cenote::standalone
