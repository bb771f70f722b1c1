// gunicorn (docs.gunicorn.org/en/stable/settings.html). Precedence: defaults < WEB_CONCURRENCY (workers) < the configuration file <
// GUNICORN_CMD_ARGS < the command line. The configuration file lies in the image and cannot be seen: named, it makes what it could set
// unknown.
#include "operator/sizing/servers/programs.hpp"
#include "operator/sizing/shell_script.hpp"

#include <algorithm>
#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array<std::string_view, 2> kWorkers{"--workers", "-w"};
// argparse takes unambiguous beginnings too; only --threads starts with --th.
constexpr std::array<std::string_view, 6> kThreads{"--threads", "--thread", "--threa", "--thre", "--thr", "--th"};
constexpr std::array<std::string_view, 2> kConfig{"--config", "-c"};
constexpr std::array<std::string_view, 2> kWorkerClass{"--worker-class", "-k"};

/// The words of GUNICORN_CMD_ARGS, before those of the command line: the later wins.
std::vector<Word> all_arguments(const Invocation& call) {
    std::vector<Word> words;
    if (const EnvironmentValue* value = call.environment.find("GUNICORN_CMD_ARGS")) {
        for (std::string& word : split_words(value->text)) {
            words.push_back({std::move(word), value->source});
        }
    }
    words.insert(words.end(), call.arguments.begin(), call.arguments.end());
    return words;
}

/// Threads serve requests only in the thread-based worker classes.
bool runs_threads(std::string_view worker_class) {
    constexpr std::array<std::string_view, 4> kClasses{
        "sync", "gthread", "gunicorn.workers.sync.SyncWorker", "gunicorn.workers.gthread.ThreadWorker"
    };
    return std::find(kClasses.begin(), kClasses.end(), worker_class) != kClasses.end();
}

}  // namespace

std::optional<ServerSize> size_gunicorn(const Invocation& call) {
    const std::vector<Word> words = all_arguments(call);
    const auto workers = last_option(words, kWorkers);
    const auto threads = last_option(words, kThreads);
    const auto config = last_option(words, kConfig);
    const auto worker_class = last_option(words, kWorkerClass);
    // A whole unknown GUNICORN_CMD_ARGS could hold anything.
    std::string hidden;
    for (const Word& word : words) {
        if (Unknowns::has_mark(word.text) && word.place.starts_with("env GUNICORN_CMD_ARGS")) {
            hidden = call.unknowns.reason(word.text);
        }
    }
    if (hidden.empty() && config && !config->text.empty() && config->text != "/dev/null") {
        hidden = config->shown + ": a configuration file in the image cannot be seen";
    }

    ServerSize size;
    if (workers) {
        size.workers = to_number(workers->text, workers->shown, call.unknowns);
    } else if (!hidden.empty()) {
        size.workers = not_known(hidden);
    } else {
        size.workers =
            number_from_environment(call.environment, "WEB_CONCURRENCY", call.unknowns).value_or(by_default(1, "workers", "gunicorn"));
    }
    if (worker_class && (Unknowns::has_mark(worker_class->text) || !runs_threads(worker_class->text))) {
        size.threads = own_pool(worker_class->shown);
    } else if (threads) {
        size.threads = to_number(threads->text, threads->shown, call.unknowns);
    } else if (!hidden.empty()) {
        size.threads = not_known(hidden);
    } else {
        size.threads = by_default(1, "threads", "gunicorn");
    }
    return size;
}

}  // namespace cenote::sizing
