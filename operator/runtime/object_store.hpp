// The cache of one resource type: immutable objects by name. Written by its informer, read from any thread; a reader's snapshot stays valid
// while it holds it.
#pragma once

#include "operator/kube/json.hpp"
#include "operator/kube/object.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace cenote::runtime {

using ObjectPtr = std::shared_ptr<const kube::Json>;

/// One change of the store: `before` is null for a new object, `after` for a deleted one.
struct ObjectChange {
    kube::ObjectName name;
    ObjectPtr before;
    ObjectPtr after;
};

class ObjectStore {
public:
    [[nodiscard]] ObjectPtr get(const kube::ObjectName& name) const;
    /// In the order of names. ns "" = all namespaces; the selector is the API's ("a=b,c!=d,e in (f,g),h,!i"), "" = all; a malformed one
    /// selects nothing.
    [[nodiscard]] std::vector<ObjectPtr> list(std::string_view ns = {}, std::string_view label_selector = {}) const;
    [[nodiscard]] std::size_t size() const;

    [[nodiscard]] ObjectChange put(kube::Json object);
    /// `after` is null; `before` is null too when there was none.
    [[nodiscard]] ObjectChange remove(const kube::ObjectName& name);
    /// The store becomes exactly `objects`: what it held besides is deleted. Objects whose resourceVersion stayed the same give no change.
    [[nodiscard]] std::vector<ObjectChange> replace(std::vector<kube::Json> objects);

private:
    mutable std::mutex mutex_;
    std::map<kube::ObjectName, ObjectPtr> objects_;
};

}  // namespace cenote::runtime
