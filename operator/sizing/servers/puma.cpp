// puma, and `rails server`, which runs it. Precedence: the command line, the configuration file, PUMA_MAX_THREADS / MAX_THREADS and
// WEB_CONCURRENCY, 5 threads. Rails' own config/puma.rb reads RAILS_MAX_THREADS and WEB_CONCURRENCY; another file, or one that reads
// neither, cannot be seen.
#include "operator/sizing/servers/programs.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array<std::string_view, 2> kWorkers{"--workers", "-w"};
constexpr std::array<std::string_view, 2> kThreads{"--threads", "-t"};
constexpr std::array<std::string_view, 2> kConfig{"--config", "-C"};

/// 0 workers is puma's single mode: one process.
Found at_least_one(Found found) {
    found.value = std::max<std::int64_t>(found.value, 1);
    return found;
}

/// "5", or "min:max".
Found threads_of(const OptionValue& option, const Unknowns& unknowns) {
    const std::size_t colon = option.text.find(':');
    return to_number(colon == std::string::npos ? option.text : option.text.substr(colon + 1), option.shown, unknowns);
}

}  // namespace

std::optional<ServerSize> size_puma(const Invocation& call) {
    const auto config = last_option(call.arguments, kConfig);
    const bool named = config && config->text != "-";
    const Found hidden = not_known((named ? config->shown : std::string{}) + ": a configuration file in the image cannot be seen");
    ServerSize size;
    if (const auto workers = last_option(call.arguments, kWorkers)) {
        size.workers = at_least_one(to_number(workers->text, workers->shown, call.unknowns, 0));
    } else if (const auto variable = number_from_environment(call.environment, "WEB_CONCURRENCY", call.unknowns, 0)) {
        size.workers = at_least_one(*variable);
    } else {
        size.workers = named ? hidden : by_default(1, "workers", "puma");
    }
    if (const auto threads = last_option(call.arguments, kThreads)) {
        size.threads = threads_of(*threads, call.unknowns);
    } else if (const auto variable = first_of_environment(call, {"RAILS_MAX_THREADS", "PUMA_MAX_THREADS", "MAX_THREADS"})) {
        size.threads = *variable;
    } else {
        size.threads = named ? hidden : by_default(5, "threads", "puma");
    }
    return size;
}

std::optional<ServerSize> size_rails(const Invocation& call) {
    const bool serves = !call.arguments.empty() && (call.arguments[0].text == "server" || call.arguments[0].text == "s");
    if (!serves) {
        return std::nullopt;
    }
    return ServerSize{
        at_least_one(
            number_from_environment(call.environment, "WEB_CONCURRENCY", call.unknowns, 0).value_or(by_default(1, "workers", "puma"))
        ),
        first_of_environment(call, {"RAILS_MAX_THREADS", "PUMA_MAX_THREADS", "MAX_THREADS"})
            .value_or(not_known("config/puma.rb in the image cannot be seen, and RAILS_MAX_THREADS is not set"))
    };
}

}  // namespace cenote::sizing
