#include "dataplane/auth/saslprep.hpp"

#include <stringprep.h>

#include <algorithm>
#include <cstdlib>

namespace cenote::auth {

std::string saslprep(std::string_view password) {
    std::string raw(password);
    if (std::all_of(raw.begin(), raw.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        return raw;
    }
    char* prepared = nullptr;
    // Unassigned code points are refused as PostgreSQL's pg_saslprep() does; bytes that are no UTF-8 are refused by the library.
    if (stringprep_profile(raw.c_str(), &prepared, "SASLprep", STRINGPREP_NO_UNASSIGNED) != STRINGPREP_OK) {
        return raw;
    }
    std::string out(prepared);
    std::free(prepared);  // NOLINT(cppcoreguidelines-no-malloc): the library's own allocation
    return out.empty() ? raw : out;
}

}  // namespace cenote::auth
