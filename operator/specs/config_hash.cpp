#include "operator/specs/config_hash.hpp"

namespace cenote::specs {

ConfigHashes config_hashes(std::string_view ini, std::string_view userlist) {
    return {sha256_hex(ini), userlist.empty() ? std::string{} : sha256_hex(userlist)};
}

}  // namespace cenote::specs
