#include "operator/sizing/servers/programs.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array kServers{
    Server{"celery", "celery", size_celery},
    Server{"granian", "granian", size_granian},
    Server{"gunicorn", "gunicorn", size_gunicorn},
    Server{"hypercorn", "hypercorn", size_hypercorn},
    Server{"puma", "puma", size_puma},
    Server{"puma", "rails", size_rails},
    Server{"sidekiq", "sidekiq", size_sidekiq},
    Server{"uvicorn", "uvicorn", size_uvicorn},
    Server{"uwsgi", "uwsgi", size_uwsgi},
};

}  // namespace

const Server* find_server(std::string_view program) {
    const auto* found = std::find_if(kServers.begin(), kServers.end(), [&](const Server& server) { return server.program == program; });
    return found == kServers.end() ? nullptr : found;
}

}  // namespace cenote::sizing
