#include "operator/api/labels.hpp"
#include "operator/specs/drain.hpp"
#include "operator/specs/objects.hpp"

#include <fmt/format.h>

namespace cenote::specs {
namespace {

using kube::Json;

Json probe(std::string_view path, int period_seconds, int failures) {
    return {
        {"httpGet", {{"path", path}, {"port", api::kHttpPortName}, {"scheme", "HTTP"}}},
        {"periodSeconds", period_seconds},
        {"timeoutSeconds", 2},
        {"failureThreshold", failures}
    };
}

Json port(std::string_view name, std::int32_t number) { return {{"name", name}, {"containerPort", number}, {"protocol", "TCP"}}; }

/// Whole directories, never subPath: the kubelet refreshes only the former.
Json mount(std::string_view name, std::string_view directory) { return {{"name", name}, {"mountPath", directory}, {"readOnly", true}}; }

void put(Json& object, const char* name, const Json& value) {
    if (!value.is_null()) {
        object[name] = value;
    }
}

void put(Json& object, const char* name, const std::string& text) {
    if (!text.empty()) {
        object[name] = text;
    }
}

Json container(const api::Pod& pod, std::string_view image) {
    Json container{
        {"name", "cenote"},
        {"image", pod.image.empty() ? std::string{image} : pod.image},
        {"command", Json::array({"cenote"})},
        {"args", Json::array({fmt::format("{}/{}", api::kConfigDirectory, api::kIniKey)})},
        {"ports", Json::array({port(api::kPostgresPortName, api::kPostgresPort), port(api::kHttpPortName, api::kHttpPort)})},
        {"startupProbe", probe("/healthz", 1, 60)},
        {"readinessProbe", probe("/readyz", 2, 2)},
        {"livenessProbe", probe("/healthz", 10, 6)},
        {"securityContext",
         {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
        {"volumeMounts", Json::array({mount("config", api::kConfigDirectory), mount("secrets", api::kSecretsDirectory)})},
        {"resources", pod.resources.is_null() ? Json{{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}} : pod.resources}
    };
    put(container, "imagePullPolicy", pod.image_pull_policy);
    put(container, "env", pod.env);
    return container;
}

Json default_spread(std::string_view pool) {
    return Json::array(
        {{{"maxSkew", 1},
          {"topologyKey", "kubernetes.io/hostname"},
          {"whenUnsatisfiable", "ScheduleAnyway"},
          {"labelSelector", {{"matchLabels", api::selector_labels(pool)}}}}}
    );
}

Json pod_spec(const api::ConnectionPool& pool, std::string_view image) {
    const api::Pod& pod = pool.spec.pod;
    constexpr int kReadableToAll = 0444;  // by the container's one user, whichever that is
    Json spec{
        {"containers", Json::array({container(pod, image)})},
        {"volumes",
         Json::array(
             {{{"name", "config"}, {"configMap", {{"name", pool.name}, {"defaultMode", kReadableToAll}}}},
              {{"name", "secrets"}, {"secret", {{"secretName", api::userlist_secret_name(pool.name)}, {"defaultMode", kReadableToAll}}}}}
         )},
        {"securityContext", {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
        {"automountServiceAccountToken", false},
        {"enableServiceLinks", false},
        {"terminationGracePeriodSeconds", grace_period_seconds(pool.spec.drain_timeout)},
        {"topologySpreadConstraints",
         pod.topology_spread_constraints.is_null() ? default_spread(pool.name) : pod.topology_spread_constraints}
    };
    for (const std::string& secret : pod.image_pull_secrets) {
        spec["imagePullSecrets"].push_back({{"name", secret}});
    }
    put(spec, "nodeSelector", pod.node_selector);
    put(spec, "affinity", pod.affinity);
    put(spec, "tolerations", pod.tolerations);
    put(spec, "priorityClassName", pod.priority_class_name);
    put(spec, "runtimeClassName", pod.runtime_class_name);
    return spec;
}

Json pod_metadata(const api::ConnectionPool& pool) {
    const api::Pod& pod = pool.spec.pod;
    Json labels = pod.labels.is_object() ? pod.labels : Json::object();
    for (const auto& [key, value] : api::child_labels(pool.name)) {
        labels[key] = value;  // ours win: the selector needs them
    }
    Json metadata{{"labels", std::move(labels)}};
    put(metadata, "annotations", pod.annotations);
    return metadata;
}

}  // namespace

Json deployment(const api::ConnectionPool& pool, std::string_view image) {
    Json object = child(pool, kube::kDeployment, pool.name);
    object["spec"] = {
        {"replicas", pool.spec.replicas},
        {"revisionHistoryLimit", 3},
        {"selector", {{"matchLabels", api::selector_labels(pool.name)}}},
        // One more pod at a time, none less: the budget counts on exactly this surge.
        {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}},
        {"template", {{"metadata", pod_metadata(pool)}, {"spec", pod_spec(pool, image)}}}
    };
    return object;
}

}  // namespace cenote::specs
