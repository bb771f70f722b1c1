#include "operator/api/labels.hpp"
#include "operator/kube/base64.hpp"
#include "operator/specs/objects.hpp"

#include <string>

namespace cenote::specs {

// "data", not "stringData": the latter is write-only, so server-side apply could not tell what we own.
kube::Json userlist_secret(const api::ConnectionPool& pool, std::string_view userlist) {
    kube::Json object = child(pool, kube::kSecret, api::userlist_secret_name(pool.name));
    object["type"] = "Opaque";
    object["data"] = {{std::string{api::kUserlistKey}, kube::encode_base64(userlist)}};
    return object;
}

}  // namespace cenote::specs
