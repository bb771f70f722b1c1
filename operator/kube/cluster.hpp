// The cluster as the controller sees it. Two implementations: ApiClient (Kubernetes over HTTP) and the standalone store (manifests in a
// directory). Calls block, and may come from any thread at the same time. Nothing is retried beyond what a single call can promise:
// reconcile's queue does that.
#pragma once

#include "operator/kube/api_error.hpp"
#include "operator/kube/json.hpp"
#include "operator/kube/object.hpp"

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::kube {

inline constexpr std::string_view kFieldManager = "cenote-operator";

struct ListOptions {
    std::string ns;                // "" = all namespaces
    std::string label_selector;    // "app=web,tier!=db"; "" = all
    std::string field_selector;    // "metadata.name=orders"; "" = all
    std::string resource_version;  // "" = the newest (a quorum read); "0" = whatever the server has cached
};

struct ListResult {
    std::vector<Json> items;       // each with apiVersion and kind set
    std::string resource_version;  // where a watch continues
};

struct WatchOptions {
    std::string ns;
    std::string label_selector;
    std::string field_selector;
    std::string resource_version;
    std::chrono::seconds timeout{300};  // the server ends the watch after it; the client calls it broken some time later
};

struct WatchEvent {
    enum class Type { kAdded, kModified, kDeleted, kBookmark };
    Type type = Type::kAdded;
    Json object;  // a bookmark's object has nothing but its resourceVersion
};

enum class Propagation { kBackground, kForeground, kOrphan };

struct EventRecord {
    enum class Type { kNormal, kWarning };
    using Time = std::chrono::system_clock::time_point;

    ObjectReference regarding;
    Type type = Type::kNormal;
    std::string reason;  // CamelCase
    std::string action;  // CamelCase, what the controller was doing
    std::string note;    // for people, at most 1 kB
    std::string name;    // of the Event object: repeats of one event have one name
    int count = 1;       // above 1: the series of the event `name` grew to it
    Time first_observed;
    Time last_observed;
};

class Cluster {
public:
    Cluster() = default;
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;
    virtual ~Cluster() = default;

    virtual ApiResult<Json> get(const ResourceType& type, const ObjectName& name) = 0;
    virtual ApiResult<ListResult> list(const ResourceType& type, const ListOptions& options) = 0;
    /// kAlreadyExists when there is one.
    virtual ApiResult<Json> create(const ResourceType& type, const ObjectName& name, Json object) = 0;
    /// Server-side apply, creating or changing: `object` holds just the fields this program owns. apiVersion, kind, name and namespace are
    /// filled in. With metadata.resourceVersion in it, kConflict when the object has moved on.
    virtual ApiResult<Json> apply(const ResourceType& type, const ObjectName& name, Json object) = 0;
    /// Replaces what this program owns of the status; `status` is the status alone. kNotFound when the object is gone.
    virtual ApiResult<Json> apply_status(const ResourceType& type, const ObjectName& name, Json status) = 0;
    /// RFC 7386. With metadata.resourceVersion in it, kConflict when the object has moved on.
    virtual ApiResult<Json> merge_patch(const ResourceType& type, const ObjectName& name, Json patch) = 0;
    /// Asks for deletion; finalizers may delay it. kNotFound when there is none.
    virtual ApiResult<void> remove(
        const ResourceType& type, const ObjectName& name, Propagation propagation = Propagation::kBackground
    ) = 0;
    /// Creates the Event, or grows its series.
    virtual ApiResult<void> emit(const EventRecord& event) = 0;
    /// Blocks, calling on_event in this thread for each event after options.resource_version, until the server ends the watch (success), it
    /// breaks (an error; kGone: list again), or `stop` is requested (success; returns within a second).
    virtual ApiResult<void> watch(
        const ResourceType& type, const WatchOptions& options, const std::function<void(WatchEvent)>& on_event, std::stop_token stop
    ) = 0;
};

}  // namespace cenote::kube
