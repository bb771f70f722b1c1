#include "operator/sizing/servers/server.hpp"

namespace cenote::sizing {

std::optional<ServerSize> size_from_environment(const ContainerEnvironment&, const Unknowns&) { return std::nullopt; }

}  // namespace cenote::sizing
