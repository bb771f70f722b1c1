#include "operator/api/labels.hpp"
#include "operator/specs/objects.hpp"

namespace cenote::specs {

kube::Json child(const api::ConnectionPool& pool, const kube::ResourceType& type, std::string_view name) {
    return {
        {"apiVersion", type.api_version()},
        {"kind", type.kind},
        {"metadata",
         {{"name", name},
          {"namespace", pool.namespace_},
          {"labels", api::child_labels(pool.name)},
          {"ownerReferences", kube::Json::array(
                                  {{{"apiVersion", api::kApiVersion},
                                    {"kind", api::kKind},
                                    {"name", pool.name},
                                    {"uid", pool.uid},
                                    {"controller", true},
                                    {"blockOwnerDeletion", true}}}
                              )}}}
    };
}

}  // namespace cenote::specs
