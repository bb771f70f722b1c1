#include "operator/sizing/container_environment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace cenote::sizing {
namespace {

using kube::Json;

/// A CPU quantity in thousandths: "2", "1.5", "500m".
std::optional<std::int64_t> millicpus(const Json& quantity) {
    if (quantity.is_number_integer()) {
        return quantity.get<std::int64_t>() * 1000;
    }
    if (!quantity.is_string()) {
        return std::nullopt;
    }
    std::string_view text = quantity.get_ref<const std::string&>();
    const bool milli = text.ends_with('m');
    if (milli) {
        text.remove_suffix(1);
    }
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value < 0 || value > 1e6) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(value * (milli ? 1 : 1000));
}

/// resourceFieldRef of this container's own CPU limit or request, rounded up as Kubernetes does.
std::optional<std::string> cpu_field(const Json& reference, const Json& container) {
    const std::string resource = kube::string_or(reference, "/resource");
    const std::string other = kube::string_or(reference, "/containerName");
    if ((resource != "limits.cpu" && resource != "requests.cpu") || (!other.empty() && other != kube::string_or(container, "/name"))) {
        return std::nullopt;
    }
    const Json* amount = kube::find(container, resource == "limits.cpu" ? "/resources/limits/cpu" : "/resources/requests/cpu");
    const Json* stated = kube::find(reference, "/divisor");
    const Json one = 1;
    const bool no_divisor = stated == nullptr || *stated == "0";
    const auto divisor = millicpus(no_divisor ? one : *stated);
    const auto value = amount == nullptr ? std::nullopt : millicpus(*amount);
    if (!value || !divisor || *divisor <= 0) {
        return std::nullopt;
    }
    return fmt::format("{}", (*value + *divisor - 1) / *divisor);
}

}  // namespace

ContainerEnvironment::ContainerEnvironment(const Json& container, const ConfigMaps& config_maps, Unknowns& unknowns) {
    for (const Json& source : kube::array_or_empty(container, "/envFrom")) {
        add_env_from(source, config_maps, unknowns);
    }
    for (const Json& variable : kube::array_or_empty(container, "/env")) {
        add_env(variable, container, config_maps, unknowns);
    }
}

void ContainerEnvironment::add_env_from(const Json& source, const ConfigMaps& config_maps, Unknowns&) {
    const std::string prefix = kube::string_or(source, "/prefix");
    if (kube::find(source, "/secretRef") != nullptr) {
        may_hide_ = fmt::format("may come from Secret {}, which is not read", kube::string_or(source, "/secretRef/name"));
        return;
    }
    const std::string name = kube::string_or(source, "/configMapRef/name");
    const auto found = config_maps.find(name);
    if (found == config_maps.end()) {
        if (!kube::bool_or(source, "/configMapRef/optional")) {
            may_hide_ = fmt::format("may come from ConfigMap {}, which does not exist", name);
        }
        return;
    }
    for (const auto& [key, value] : found->second) {
        set(prefix + key, {Unknowns::without_marks(value), fmt::format("ConfigMap {} key {}", name, key)});
    }
}

void ContainerEnvironment::add_env(const Json& variable, const Json& container, const ConfigMaps& config_maps, Unknowns& unknowns) {
    const std::string name = kube::string_or(variable, "/name");
    std::string source = fmt::format("env {}", name);
    const auto unknown = [&](std::string_view why) { set(name, {unknowns.mark(fmt::format("env {} {}", name, why)), source}); };
    if (kube::find(variable, "/valueFrom/secretKeyRef") != nullptr) {
        return unknown(fmt::format("comes from Secret {}, which is not read", kube::string_or(variable, "/valueFrom/secretKeyRef/name")));
    }
    if (const Json* reference = kube::find(variable, "/valueFrom/configMapKeyRef")) {
        const std::string map = kube::string_or(*reference, "/name");
        const std::string key = kube::string_or(*reference, "/key");
        const auto found = config_maps.find(map);
        if (found != config_maps.end() && found->second.contains(key)) {
            return set(
                name, {Unknowns::without_marks(found->second.at(key)), fmt::format("env {} from ConfigMap {} key {}", name, map, key)}
            );
        }
        if (!kube::bool_or(*reference, "/optional")) {
            unknown(fmt::format("comes from ConfigMap {} key {}, which does not exist", map, key));
        }
        return;
    }
    if (const Json* reference = kube::find(variable, "/valueFrom/resourceFieldRef")) {
        if (auto value = cpu_field(*reference, container)) {
            return set(name, {*std::move(value), fmt::format("env {} from {}", name, kube::string_or(*reference, "/resource"))});
        }
        return unknown("depends on the node");
    }
    if (kube::find(variable, "/valueFrom") != nullptr) {
        return unknown("is only known in the running pod");
    }
    set(name, {expand(Unknowns::without_marks(kube::string_or(variable, "/value"))), std::move(source)});
}

const EnvironmentValue* ContainerEnvironment::find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

void ContainerEnvironment::set(std::string name, EnvironmentValue value) { values_.insert_or_assign(std::move(name), std::move(value)); }

std::string ContainerEnvironment::expand(std::string_view text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '$' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        if (text[i + 1] == '$') {
            out += '$';
            ++i;
            continue;
        }
        const std::size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
        const EnvironmentValue* value = end == std::string_view::npos ? nullptr : find(text.substr(i + 2, end - i - 2));
        if (value == nullptr) {
            out += '$';
            continue;
        }
        out += value->text;
        i = end;
    }
    return out;
}

}  // namespace cenote::sizing
