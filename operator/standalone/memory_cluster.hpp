// Objects in memory with the API server's semantics: resource versions, generations, apply by field manager, status apart, watches, owner
// references. It is the standalone mode's cluster and the double in the controller's tests. One lock; any thread.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/standalone/field_merge.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace cenote::standalone {

class MemoryCluster : public kube::Cluster {
public:
    MemoryCluster() = default;

    kube::ApiResult<kube::Json> get(const kube::ResourceType& type, const kube::ObjectName& name) override;
    kube::ApiResult<kube::ListResult> list(const kube::ResourceType& type, const kube::ListOptions& options) override;
    kube::ApiResult<kube::Json> create(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json object) override;
    kube::ApiResult<kube::Json> apply(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json object) override;
    kube::ApiResult<kube::Json> apply_status(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json status) override;
    kube::ApiResult<kube::Json> merge_patch(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json patch) override;
    /// Deletes dependents too. A Pod only gets its deletionTimestamp: whoever runs it calls purge() when its process is gone, as a kubelet
    /// does.
    kube::ApiResult<void> remove(const kube::ResourceType& type, const kube::ObjectName& name, kube::Propagation propagation) override;
    /// Keeps the Event among the objects and hands it to the listener.
    kube::ApiResult<void> emit(const kube::EventRecord& event) override;
    kube::ApiResult<void> watch(
        const kube::ResourceType& type, const kube::WatchOptions& options, const std::function<void(kube::WatchEvent)>& on_event,
        std::stop_token stop
    ) override;

    // What the other parties of a cluster do.
    /// Applies in another's name: a manifest's author ("manifest"), a deployment controller, …
    kube::ApiResult<kube::Json> apply_as(
        const std::string& manager, const kube::ResourceType& type, const kube::ObjectName& name, kube::Json object
    );
    /// Replaces the whole status.
    kube::ApiResult<kube::Json> set_status(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json status);
    /// Deletes at once, whatever holds it.
    void purge(const kube::ResourceType& type, const kube::ObjectName& name);

    /// Called after each change, outside the lock, in the thread that made it. Set before threads start.
    void on_change(std::function<void()> listener) { changed_ = std::move(listener); }
    void on_event(std::function<void(const kube::EventRecord&)> listener) { emitted_ = std::move(listener); }

private:
    struct Key {
        std::string kind;
        kube::ObjectName name;
        auto operator<=>(const Key&) const = default;
    };
    struct Stored {
        kube::Json object;
        AppliedByManager applied;
    };
    struct Change {
        std::uint64_t version;
        std::string kind;
        kube::WatchEvent event;
    };

    static Key key_of(const kube::ResourceType& type, const kube::ObjectName& name) { return {std::string(type.kind), name}; }
    kube::Json& make_new(const kube::ResourceType& type, const kube::ObjectName& name);
    /// Puts `next` in place of the stored object if it differs: new versions, a watch event, and deletion once its last finalizer is gone.
    kube::Json commit(const Key& key, Stored& stored, kube::Json next);
    void record(kube::WatchEvent::Type type, const std::string& kind, kube::Json object);
    [[nodiscard]] bool is_orphan(const kube::Json& object) const;
    void erase(const Key& key);
    void remove_locked(const Key& key);
    void announce();

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::map<Key, Stored> objects_;
    std::deque<Change> changes_;
    std::deque<kube::ObjectName> events_;  // the Events kept, oldest first
    std::uint64_t version_ = 0;
    std::uint64_t oldest_ = 0;  // changes up to this version are forgotten
    std::uint64_t uids_ = 0;
    std::function<void()> changed_;
    std::function<void(const kube::EventRecord&)> emitted_;
};

}  // namespace cenote::standalone
