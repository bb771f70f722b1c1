#include "dataplane/config/content_hash.hpp"

#include "dataplane/base/assert.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <iterator>

namespace cenote::config {

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    CENOTE_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
    }
    return text;
}

}  // namespace cenote::config
