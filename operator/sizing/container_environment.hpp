// The environment a container will see, as far as the API tells: env and envFrom, ConfigMaps looked up, $(VAR) expanded, Secrets left
// alone. Pure.
#pragma once

#include "operator/kube/json.hpp"
#include "operator/sizing/unknowns.hpp"
#include "operator/sizing/workload_detection.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cenote::sizing {

struct EnvironmentValue {
    std::string text;    // may hold marks
    std::string source;  // "env WEB_CONCURRENCY", "ConfigMap web key workers"
};

class ContainerEnvironment {
public:
    ContainerEnvironment(const kube::Json& container, const ConfigMaps& config_maps, Unknowns& unknowns);

    [[nodiscard]] const EnvironmentValue* find(std::string_view name) const;
    void set(std::string name, EnvironmentValue value);

    /// Why a variable that find() does not know might exist all the same ("Secret web is not read"); "" if it surely does not.
    [[nodiscard]] const std::string& may_hide() const { return may_hide_; }

    /// Kubernetes' expansion in command, args and env: $(NAME) by its value, $$ is a dollar, unknown names stay as they are.
    [[nodiscard]] std::string expand(std::string_view text) const;

private:
    void add_env_from(const kube::Json& source, const ConfigMaps& config_maps, Unknowns& unknowns);
    void add_env(const kube::Json& variable, const kube::Json& container, const ConfigMaps& config_maps, Unknowns& unknowns);

    std::map<std::string, EnvironmentValue, std::less<>> values_;
    std::string may_hide_;
};

}  // namespace cenote::sizing
