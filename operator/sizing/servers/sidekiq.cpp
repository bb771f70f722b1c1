// sidekiq: one process; threads by -c, the configuration file, RAILS_MAX_THREADS, 5.
#include "operator/sizing/servers/programs.hpp"

#include <array>

namespace cenote::sizing {

std::optional<ServerSize> size_sidekiq(const Invocation& call) {
    constexpr std::array<std::string_view, 2> kConcurrency{"--concurrency", "-c"};
    constexpr std::array<std::string_view, 2> kConfig{"--config", "-C"};
    ServerSize size{.workers = known(1, "sidekiq: one process"), .threads = {}};
    if (const auto threads = last_option(call.arguments, kConcurrency)) {
        size.threads = to_number(threads->text, threads->shown, call.unknowns);
    } else if (const auto config = last_option(call.arguments, kConfig)) {
        size.threads = not_known(config->shown + ": a configuration file in the image cannot be seen");
    } else {
        size.threads = first_of_environment(call, {"RAILS_MAX_THREADS"}).value_or(by_default(5, "threads", "sidekiq"));
    }
    return size;
}

}  // namespace cenote::sizing
