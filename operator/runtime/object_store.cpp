#include "operator/runtime/object_store.hpp"

#include "operator/runtime/label_selector.hpp"

#include <utility>

namespace cenote::runtime {

ObjectPtr ObjectStore::get(const kube::ObjectName& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = objects_.find(name);
    return it == objects_.end() ? nullptr : it->second;
}

std::vector<ObjectPtr> ObjectStore::list(std::string_view ns, std::string_view label_selector) const {
    const auto selector = LabelSelector::parse(label_selector);
    std::vector<ObjectPtr> out;
    if (!selector) {
        return out;
    }
    const std::lock_guard lock(mutex_);
    auto it = ns.empty() ? objects_.begin() : objects_.lower_bound({std::string(ns), ""});
    for (; it != objects_.end() && (ns.empty() || it->first.ns == ns); ++it) {
        if (selector->matches(*it->second)) {
            out.push_back(it->second);
        }
    }
    return out;
}

std::size_t ObjectStore::size() const {
    const std::lock_guard lock(mutex_);
    return objects_.size();
}

ObjectChange ObjectStore::put(kube::Json object) {
    kube::ObjectName name = kube::object_name_of(object);
    auto fresh = std::make_shared<const kube::Json>(std::move(object));
    const std::lock_guard lock(mutex_);
    ObjectPtr& slot = objects_[name];
    return {std::move(name), std::exchange(slot, fresh), fresh};
}

ObjectChange ObjectStore::remove(const kube::ObjectName& name) {
    const std::lock_guard lock(mutex_);
    const auto node = objects_.extract(name);
    return {name, node ? node.mapped() : nullptr, nullptr};
}

std::vector<ObjectChange> ObjectStore::replace(std::vector<kube::Json> objects) {
    std::map<kube::ObjectName, ObjectPtr> fresh;
    for (kube::Json& object : objects) {
        kube::ObjectName name = kube::object_name_of(object);
        fresh[std::move(name)] = std::make_shared<const kube::Json>(std::move(object));
    }
    std::vector<ObjectChange> changes;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, before] : objects_) {
        if (!fresh.contains(name)) {
            changes.push_back({name, before, nullptr});
        }
    }
    for (auto& [name, after] : fresh) {
        const auto old = objects_.find(name);
        if (old == objects_.end()) {
            changes.push_back({name, nullptr, after});
        } else if (kube::resource_version_of(*old->second) != kube::resource_version_of(*after)) {
            changes.push_back({name, old->second, after});
        }
    }
    objects_ = std::move(fresh);
    return changes;
}

}  // namespace cenote::runtime
