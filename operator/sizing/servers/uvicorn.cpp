// uvicorn (www.uvicorn.org/settings), hypercorn: asynchronous workers. Precedence: the command line, UVICORN_WORKERS, WEB_CONCURRENCY, 1.
#include "operator/sizing/servers/programs.hpp"

#include <array>

namespace cenote::sizing {

std::optional<ServerSize> size_uvicorn(const Invocation& call) {
    constexpr std::array<std::string_view, 1> kWorkers{"--workers"};
    ServerSize size{.workers = {}, .threads = own_pool("uvicorn")};
    if (const auto workers = last_option(call.arguments, kWorkers)) {
        size.workers = to_number(workers->text, workers->shown, call.unknowns);
    } else {
        size.workers = first_of_environment(call, {"UVICORN_WORKERS", "WEB_CONCURRENCY"}).value_or(by_default(1, "workers", "uvicorn"));
    }
    return size;
}

std::optional<ServerSize> size_hypercorn(const Invocation& call) {
    constexpr std::array<std::string_view, 2> kWorkers{"--workers", "-w"};
    const auto workers = last_option(call.arguments, kWorkers);
    return ServerSize{
        workers ? to_number(workers->text, workers->shown, call.unknowns) : by_default(1, "workers", "hypercorn"), own_pool("hypercorn")
    };
}

}  // namespace cenote::sizing
