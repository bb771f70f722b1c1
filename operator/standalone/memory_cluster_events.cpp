// Events among the objects: the last few hundred, so that a process that runs for months does not grow by what it has said.
#include "operator/standalone/memory_cluster.hpp"

#include <algorithm>
#include <optional>

namespace cenote::standalone {
namespace {

using kube::ApiResult;
using kube::Json;
using kube::ObjectName;

constexpr std::size_t kRememberedEvents = 500;

}  // namespace

ApiResult<void> MemoryCluster::emit(const kube::EventRecord& event) {
    const std::string ns = event.regarding.ns.empty() ? "default" : event.regarding.ns;
    Json object{
        {"type", event.type == kube::EventRecord::Type::kWarning ? "Warning" : "Normal"},
        {"reason", event.reason},
        {"action", event.action},
        {"note", event.note},
        {"regarding",
         {{"apiVersion", event.regarding.api_version},
          {"kind", event.regarding.kind},
          {"namespace", event.regarding.ns},
          {"name", event.regarding.name},
          {"uid", event.regarding.uid}}},
    };
    if (event.count > 1) {
        object["series"] = {{"count", event.count}};
    }
    auto stored = apply(kube::kEvent, {ns, event.name}, std::move(object));
    if (!stored) {
        return stored.error();
    }
    std::optional<ObjectName> forgotten;
    {
        const std::scoped_lock lock(mutex_);
        const ObjectName name{ns, event.name};
        if (std::find(events_.begin(), events_.end(), name) == events_.end()) {
            events_.push_back(name);
        }
        if (events_.size() > kRememberedEvents) {
            forgotten = events_.front();
            events_.pop_front();
        }
    }
    if (forgotten) {
        purge(kube::kEvent, *forgotten);
    }
    if (emitted_) {
        emitted_(event);
    }
    return {};
}

}  // namespace cenote::standalone
