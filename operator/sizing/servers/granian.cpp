// granian: asynchronous workers, save with the WSGI interface, where --blocking-threads serve requests. GRANIAN_* for every option.
#include "operator/sizing/servers/programs.hpp"

#include <array>

namespace cenote::sizing {

std::optional<ServerSize> size_granian(const Invocation& call) {
    constexpr std::array<std::string_view, 1> kWorkers{"--workers"};
    constexpr std::array<std::string_view, 1> kThreads{"--blocking-threads"};
    constexpr std::array<std::string_view, 1> kInterface{"--interface"};
    ServerSize size{.workers = {}, .threads = own_pool("granian")};
    if (const auto workers = last_option(call.arguments, kWorkers)) {
        size.workers = to_number(workers->text, workers->shown, call.unknowns);
    } else {
        size.workers = first_of_environment(call, {"GRANIAN_WORKERS"}).value_or(by_default(1, "workers", "granian"));
    }
    const auto interface = last_option(call.arguments, kInterface);
    const EnvironmentValue* variable = call.environment.find("GRANIAN_INTERFACE");
    const bool is_wsgi = interface ? interface->text == "wsgi" : variable != nullptr && variable->text == "wsgi";
    if (is_wsgi) {
        if (const auto threads = last_option(call.arguments, kThreads)) {
            size.threads = to_number(threads->text, threads->shown, call.unknowns);
        } else {
            size.threads =
                first_of_environment(call, {"GRANIAN_BLOCKING_THREADS"}).value_or(not_known("granian chooses its blocking threads itself"));
        }
    }
    return size;
}

}  // namespace cenote::sizing
