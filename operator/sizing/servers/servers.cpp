#include "operator/sizing/servers/programs.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array<std::string_view, 1> kGunicorn{"gunicorn"};

constexpr std::array kServers{
    Server{"gunicorn", kGunicorn, size_gunicorn},
};

}  // namespace

const Server* find_server(std::string_view program) {
    const auto* found = std::find_if(kServers.begin(), kServers.end(), [&](const Server& server) {
        return std::find(server.programs.begin(), server.programs.end(), program) != server.programs.end();
    });
    return found == kServers.end() ? nullptr : found;
}

}  // namespace cenote::sizing
