// The sizers of the table in servers.cpp, one program and one .cpp each.
#pragma once

#include "operator/sizing/servers/server.hpp"

namespace cenote::sizing {

[[nodiscard]] std::optional<ServerSize> size_celery(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_granian(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_gunicorn(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_hypercorn(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_puma(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_rails(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_sidekiq(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_uvicorn(const Invocation& call);
[[nodiscard]] std::optional<ServerSize> size_uwsgi(const Invocation& call);

}  // namespace cenote::sizing
