// uWSGI: any option is a variable UWSGI_* too. Its configuration files lie in the image; named, they make unknown what is not stated
// besides.
#include "operator/sizing/servers/programs.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array<std::string_view, 3> kProcesses{"--processes", "--workers", "-p"};
constexpr std::array<std::string_view, 1> kThreads{"--threads"};
constexpr std::array<std::string_view, 3> kAsynchronous{"--async", "--gevent", "--asyncio"};
constexpr std::array<std::string_view, 5> kConfig{"--ini", "--yaml", "--yml", "--xml", "--json"};

std::string hidden_by(const Invocation& call) {
    if (const auto config = last_option(call.arguments, kConfig)) {
        return config->shown;
    }
    for (const Word& word : call.arguments) {
        if (word.text.ends_with(".ini") || word.text.ends_with(".yaml") || word.text.ends_with(".yml")) {
            return word.place + " " + word.text;
        }
    }
    const EnvironmentValue* variable = call.environment.find("UWSGI_INI");
    return variable == nullptr ? std::string{} : variable->source;
}

}  // namespace

std::optional<ServerSize> size_uwsgi(const Invocation& call) {
    const std::string file = hidden_by(call);
    const auto otherwise = [&](std::string_view what) {
        return file.empty() ? by_default(1, what, "uWSGI") : not_known(file + ": a configuration file in the image cannot be seen");
    };
    ServerSize size;
    if (const auto workers = last_option(call.arguments, kProcesses)) {
        size.workers = to_number(workers->text, workers->shown, call.unknowns);
    } else {
        const auto variable = first_of_environment(call, {"UWSGI_PROCESSES", "UWSGI_WORKERS"});
        size.workers = variable ? *variable : otherwise("processes");
    }
    if (last_option(call.arguments, kAsynchronous)) {
        size.threads = own_pool("uWSGI's asynchronous mode");
    } else if (const auto threads = last_option(call.arguments, kThreads)) {
        size.threads = to_number(threads->text, threads->shown, call.unknowns);
    } else {
        const auto variable = first_of_environment(call, {"UWSGI_THREADS"});
        size.threads = variable ? *variable : otherwise("threads");
    }
    return size;
}

}  // namespace cenote::sizing
