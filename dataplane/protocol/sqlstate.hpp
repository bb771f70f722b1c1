// The codes of base/sqlstate.hpp under the name that those who write ErrorResponses use.
#pragma once

#include "dataplane/base/sqlstate.hpp"

namespace cenote::protocol {

namespace sqlstate = cenote::sqlstate;

}  // namespace cenote::protocol
