// cenote.ini of a pool, in the data plane's own words and by its own writer. It holds no password: the server's comes from userlist.txt. A
// pod starts with one server connection; its share of the budget comes in a file of its own, which is included. Pure.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/api/connection_pool.hpp"
#include "operator/specs/userlist.hpp"

#include <cstdint>
#include <string>

namespace cenote::specs {

struct IniInputs {
    std::string username;  // the server's user, unless clients bring their own
    Userlist userlist;
    std::int64_t max_client_conn = 1000;
};

[[nodiscard]] Result<std::string> pool_ini(const api::Spec& spec, const IniInputs& inputs);

}  // namespace cenote::specs
