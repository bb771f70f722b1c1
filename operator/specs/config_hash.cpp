#include "operator/specs/config_hash.hpp"

#include "dataplane/base/assert.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace cenote::specs {

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    CENOTE_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        text += fmt::format("{:02x}", digest[i]);
    }
    return text;
}

ConfigHashes config_hashes(std::string_view ini, std::string_view userlist) {
    return {sha256_hex(ini), userlist.empty() ? std::string{} : sha256_hex(userlist)};
}

}  // namespace cenote::specs
