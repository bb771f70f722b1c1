#include "operator/runtime/predicates.hpp"

#include <algorithm>
#include <utility>

namespace cenote::runtime {
namespace {

bool same_at(const kube::Json& a, const kube::Json& b, std::string_view path) {
    const kube::Json* left = kube::find(a, path);
    const kube::Json* right = kube::find(b, path);
    return left == nullptr || right == nullptr ? left == right : *left == *right;
}

kube::Json without_bookkeeping(const kube::Json& object) {
    kube::Json copy = object;
    if (const auto metadata = copy.find("metadata"); metadata != copy.end() && metadata->is_object()) {
        metadata->erase("managedFields");
        metadata->erase("resourceVersion");
    }
    return copy;
}

std::string_view group_of(std::string_view api_version) {
    const auto slash = api_version.find('/');
    return slash == std::string_view::npos ? std::string_view{} : api_version.substr(0, slash);
}

}  // namespace

Predicate always() {
    return [](const ObjectChange&) { return true; };
}

Predicate spec_changed() {
    return [](const ObjectChange& change) {
        if (!change.before || !change.after) {
            return true;
        }
        for (const std::string_view path :
             {"/metadata/uid", "/metadata/generation", "/metadata/labels", "/metadata/annotations", "/metadata/deletionTimestamp"}) {
            if (!same_at(*change.before, *change.after, path)) {
                return true;
            }
        }
        return false;
    };
}

Predicate spec_differs() {
    return [](const ObjectChange& change) { return !change.before || !change.after || !same_at(*change.before, *change.after, "/spec"); };
}

Predicate content_changed() {
    return [](const ObjectChange& change) {
        return !change.before || !change.after || without_bookkeeping(*change.before) != without_bookkeeping(*change.after);
    };
}

Predicate any_of(std::vector<Predicate> predicates) {
    return [predicates = std::move(predicates)](const ObjectChange& change) {
        return std::any_of(predicates.begin(), predicates.end(), [&](const Predicate& predicate) { return predicate(change); });
    };
}

Predicate all_of(std::vector<Predicate> predicates) {
    return [predicates = std::move(predicates)](const ObjectChange& change) {
        return std::all_of(predicates.begin(), predicates.end(), [&](const Predicate& predicate) { return predicate(change); });
    };
}

MapFunction to_self() {
    return [](const kube::Json& object) { return std::vector{kube::object_name_of(object)}; };
}

MapFunction to_controller_owner(const kube::ResourceType& owner) {
    return [owner](const kube::Json& object) {
        const auto controller = kube::controller_of(object);
        if (!controller || controller->kind != owner.kind || group_of(controller->api_version) != owner.group) {
            return std::vector<kube::ObjectName>{};
        }
        return std::vector{kube::ObjectName{kube::namespace_of(object), controller->name}};
    };
}

MapFunction to_name_in_label(std::string label) {
    return [label = std::move(label)](const kube::Json& object) {
        const auto name = kube::label_of(object, label);
        return name ? std::vector{kube::ObjectName{kube::namespace_of(object), *name}} : std::vector<kube::ObjectName>{};
    };
}

}  // namespace cenote::runtime
