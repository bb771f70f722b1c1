#include "operator/api/labels.hpp"
#include "operator/specs/objects.hpp"

#include <openssl/evp.h>

#include <string>

namespace cenote::specs {
namespace {

std::string base64(std::string_view bytes) {
    // EVP_EncodeBlock writes a closing NUL after every whole output.
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size())
    );
    out.resize(static_cast<std::size_t>(length));
    return out;
}

}  // namespace

// "data", not "stringData": the latter is write-only, so server-side apply could not tell what we own.
kube::Json userlist_secret(const api::ConnectionPool& pool, std::string_view userlist) {
    kube::Json object = child(pool, kube::kSecret, api::userlist_secret_name(pool.name));
    object["type"] = "Opaque";
    object["data"] = {{std::string{api::kUserlistKey}, base64(userlist)}};
    return object;
}

}  // namespace cenote::specs
