// celery worker: --concurrency or the maximum of --autoscale; left out, as many as the node has CPUs, which nobody can tell from here. With
// the prefork pool these are processes, else threads (or greenlets) of one process. celery beat is one.
#include "operator/sizing/servers/programs.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {

std::optional<ServerSize> size_celery(const Invocation& call) {
    constexpr std::array<std::string_view, 2> kConcurrency{"--concurrency", "-c"};
    constexpr std::array<std::string_view, 1> kAutoscale{"--autoscale"};
    constexpr std::array<std::string_view, 2> kPool{"--pool", "-P"};
    const auto has_word = [&](std::string_view word) {
        return std::any_of(call.arguments.begin(), call.arguments.end(), [&](const Word& w) { return w.text == word; });
    };
    if (has_word("beat")) {
        return ServerSize{known(1, "celery beat: one process"), known(1, "celery beat: one process")};
    }
    if (!has_word("worker")) {
        return std::nullopt;
    }
    const auto pool = last_option(call.arguments, kPool);
    if (pool && pool->text == "solo") {
        return ServerSize{known(1, pool->shown), known(1, pool->shown)};
    }
    Found size = not_known("celery starts as many processes as the node has CPUs; give it --concurrency");
    if (const auto autoscale = last_option(call.arguments, kAutoscale)) {
        size = to_number(autoscale->text.substr(0, autoscale->text.find(',')), autoscale->shown, call.unknowns);
    } else if (const auto concurrency = last_option(call.arguments, kConcurrency)) {
        size = to_number(concurrency->text, concurrency->shown, call.unknowns);
    }
    if (!pool || pool->text == "prefork") {
        return ServerSize{size, known(1, "celery: one thread a process")};
    }
    return ServerSize{known(1, pool->shown), size};
}

}  // namespace cenote::sizing
