#include "operator/sizing/workload_detection.hpp"

#include "operator/sizing/program.hpp"

#include <fmt/format.h>

#include <utility>

namespace cenote::sizing {
namespace {

using kube::Json;

constexpr std::string_view kWorkersAnnotation = "cenote.dev/workers";
constexpr std::string_view kThreadsAnnotation = "cenote.dev/threads";
constexpr std::string_view kAdvice = "state workers and threads, or annotate the workload with cenote.dev/workers and cenote.dev/threads";

/// The containers that run as long as the pod: init containers are done by then, save those that restart always.
std::vector<const Json*> running_containers(const Json& pod_template) {
    std::vector<const Json*> containers;
    for (const Json& container : kube::array_or_empty(pod_template, "/spec/containers")) {
        containers.push_back(&container);
    }
    for (const Json& container : kube::array_or_empty(pod_template, "/spec/initContainers")) {
        if (kube::string_or(container, "/restartPolicy") == "Always") {
            containers.push_back(&container);
        }
    }
    return containers;
}

std::vector<Word> command_line(const Json& container, const ContainerEnvironment& environment) {
    std::vector<Word> words;
    for (const char* list : {"command", "args"}) {
        const Json& items = kube::array_or_empty(container, fmt::format("/{}", list));
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].is_string()) {
                words.push_back(
                    {environment.expand(Unknowns::without_marks(items[i].get_ref<const std::string&>())), fmt::format("{}[{}]", list, i)}
                );
            }
        }
    }
    return words;
}

/// A number that people stated, on whatever was found.
struct Override {
    std::optional<std::int64_t> value;
    std::string source;
    std::string problem;
};

Override stated_or_annotated(
    std::string_view what, std::string_view annotation, const std::optional<std::int64_t>& stated, const Json& pod_template,
    const std::map<std::string, std::string>& workload_annotations
) {
    if (stated) {
        return {stated, fmt::format("{}: stated", what), {}};
    }
    std::optional<std::string> text;
    const Json& own = kube::object_or_empty(pod_template, "/metadata/annotations");
    if (const auto found = own.find(annotation); found != own.end() && found->is_string()) {
        text = found->get<std::string>();
    } else if (const auto outer = workload_annotations.find(std::string{annotation}); outer != workload_annotations.end()) {
        text = outer->second;
    }
    if (!text) {
        return {};
    }
    const Found number = to_number(*text, fmt::format("annotation {}", annotation), Unknowns{});
    if (!number.unknown.empty()) {
        return {std::nullopt, {}, number.unknown};
    }
    return {number.value, fmt::format("annotation {}={}", annotation, *text), {}};
}

struct Candidate {
    std::string container;
    std::string server;
    ServerSize size;
};

/// What one container runs. Appends to `reasons` what kept it from being known.
void examine(
    const Json& container, const ConfigMaps& config_maps, std::vector<Candidate>& found, std::string& ambiguous,
    std::vector<std::string>& reasons
) {
    Unknowns unknowns;
    const std::string name = kube::string_or(container, "/name");
    const ContainerEnvironment environment{container, config_maps, unknowns};
    const std::vector<Word> words = command_line(container, environment);
    std::vector<std::string> seen;
    int in_foreground = 0;
    for (const Program& program : resolve_programs(words, environment, unknowns)) {
        const Server* server = find_server(program.name);
        const auto size = server == nullptr ? std::nullopt : server->size({program.arguments, program.environment, unknowns});
        if (!size) {
            seen.push_back(Unknowns::has_mark(program.name) ? unknowns.reason(program.name) : program.name);
            continue;
        }
        in_foreground += program.in_background ? 0 : 1;
        if (program.conditional) {
            ambiguous = fmt::format("container {}: {} runs under a condition of a shell script", name, server->name);
        } else if (in_foreground > 1) {
            ambiguous = fmt::format("container {}: several servers run one after the other in a shell script", name);
        }
        found.push_back({name, std::string{server->name}, *size});
    }
    if (!found.empty() && found.back().container == name) {
        return;
    }
    if (const auto size = size_from_environment(environment, unknowns)) {
        found.push_back({name, "", *size});
    } else if (words.empty()) {
        reasons.push_back(fmt::format("container {}: the image's own command cannot be seen", name));
    } else if (words[0].text.starts_with('-') && seen.size() == 1) {
        reasons.push_back(fmt::format("container {}: arguments alone; the image's own command cannot be seen", name));
    } else {
        reasons.push_back(fmt::format("container {}: no server program that is known ({})", name, seen.empty() ? "none" : seen.back()));
    }
}

std::string joined(const Found& workers, const Found& threads) {
    return workers.source == threads.source ? workers.source : fmt::format("{}; {}", workers.source, threads.source);
}

}  // namespace

std::set<std::string> referenced_config_maps(const Json& pod_template) {
    std::set<std::string> names;
    for (const Json* container : running_containers(pod_template)) {
        for (const Json& source : kube::array_or_empty(*container, "/envFrom")) {
            names.insert(kube::string_or(source, "/configMapRef/name"));
        }
        for (const Json& variable : kube::array_or_empty(*container, "/env")) {
            names.insert(kube::string_or(variable, "/valueFrom/configMapKeyRef/name"));
        }
    }
    names.erase("");
    return names;
}

Detection detect(
    const Json& pod_template, const std::map<std::string, std::string>& workload_annotations, const ConfigMaps& config_maps,
    const StatedSize& stated
) {
    const Override workers = stated_or_annotated("workers", kWorkersAnnotation, stated.workers, pod_template, workload_annotations);
    const Override threads = stated_or_annotated("threads", kThreadsAnnotation, stated.threads, pod_template, workload_annotations);
    for (const Override* one : {&workers, &threads}) {
        if (!one->problem.empty()) {
            return {{}, one->problem};
        }
    }
    if (workers.value && threads.value) {
        return {{{"", "", *workers.value, *threads.value, fmt::format("{}; {}", workers.source, threads.source)}}, {}};
    }

    std::vector<Candidate> found;
    std::string ambiguous;
    std::vector<std::string> reasons;
    for (const Json* container : running_containers(pod_template)) {
        examine(*container, config_maps, found, ambiguous, reasons);
    }
    if (!ambiguous.empty()) {
        return {{}, fmt::format("{}; {}", ambiguous, kAdvice)};
    }
    if (found.empty()) {
        return {{}, fmt::format("{}; {}", reasons.empty() ? "the pod template has no containers" : reasons.front(), kAdvice)};
    }
    if ((workers.value || threads.value) && found.size() > 1) {
        return {
            {},
            fmt::format(
                "{} is given, but {} server processes were found; state both workers and threads", workers.value ? "workers" : "threads",
                found.size()
            )
        };
    }
    Detection detection;
    for (Candidate& candidate : found) {
        if (workers.value) {
            candidate.size.workers = known(*workers.value, workers.source);
        }
        if (threads.value) {
            candidate.size.threads = known(*threads.value, threads.source);
        }
        for (const auto& [number, what] : {std::pair{&candidate.size.workers, "workers"}, std::pair{&candidate.size.threads, "threads"}}) {
            if (!number->unknown.empty()) {
                return {
                    {},
                    fmt::format(
                        "container {}: {} of {} not known: {}", candidate.container, what,
                        candidate.server.empty() ? "its pool" : candidate.server, number->unknown
                    )
                };
            }
        }
        detection.processes.push_back(
            {candidate.container, candidate.server, candidate.size.workers.value, candidate.size.threads.value,
             joined(candidate.size.workers, candidate.size.threads)}
        );
    }
    return detection;
}

}  // namespace cenote::sizing
