// The sizers of the table in servers.cpp, one program and one .cpp each.
#pragma once

#include "operator/sizing/servers/server.hpp"

namespace cenote::sizing {

[[nodiscard]] ServerSize size_gunicorn(const Invocation& call);

}  // namespace cenote::sizing
