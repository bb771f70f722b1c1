// Reads workers and threads of an application out of its pod template: annotations, command line, environment, the framework's defaults,
// in this order; stated numbers of the pool's spec come before all. What cannot be known is Unknown with the reason, never a guess. Pure.
// Kubernetes' rules for the pieces: command replaces ENTRYPOINT, args replaces CMD; $(VAR) is expanded from the container's own
// environment and $$ is a dollar; env wins over envFrom, later entries over earlier ones. Secrets are never read: a number that
// comes from one is Unknown.
#pragma once

#include "operator/kube/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cenote::sizing {

/// Data of the ConfigMaps in the workload's namespace, by name. A name that is absent here does not exist.
using ConfigMaps = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

/// One program that opens connections.
struct ProcessSize {
    std::string container;  // "" when the numbers are for the whole pod (stated or annotated)
    std::string server;     // "gunicorn", "puma", …; "" when stated or annotated
    std::int64_t workers = 0;
    std::int64_t threads = 0;
    std::string source;  // "args[3] --workers=4; env WEB_THREADS=2", "command -w 4; threads: gunicorn's default"

    bool operator==(const ProcessSize&) const = default;
};

struct Detection {
    std::vector<ProcessSize> processes;  // empty = unknown
    std::string unknown_reason;          // set exactly when processes is empty

    [[nodiscard]] bool known() const { return !processes.empty(); }
    bool operator==(const Detection&) const = default;
};

/// What the pool's spec says over whatever is found.
struct StatedSize {
    std::optional<std::int64_t> workers;
    std::optional<std::int64_t> threads;
};

/// Names of the ConfigMaps that detect() may need for this pod template ({"metadata": …, "spec": …}): for reading and for watching.
[[nodiscard]] std::set<std::string> referenced_config_maps(const kube::Json& pod_template);

/// `workload_annotations` are those of the Deployment itself; the template's own win over them.
[[nodiscard]] Detection detect(
    const kube::Json& pod_template, const std::map<std::string, std::string>& workload_annotations, const ConfigMaps& config_maps,
    const StatedSize& stated
);

}  // namespace cenote::sizing
