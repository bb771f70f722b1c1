#include "operator/api/labels.hpp"
#include "operator/specs/config_hash.hpp"
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
        {"name", api::kContainerName},
        {"image", pod.image.empty() ? std::string{image} : pod.image},
        {"command", Json::array({"cenote"})},
        {"args", Json::array({fmt::format("{}/{}", api::kConfigDirectory, api::kIniKey)})},
        {"ports", Json::array({port(api::kPostgresPortName, api::kPostgresPort), port(api::kHttpPortName, api::kHttpPort)})},
        {"startupProbe", probe("/healthz", 1, 60)},
        {"readinessProbe", probe("/readyz", 2, 2)},
        {"livenessProbe", probe("/healthz", 10, 6)},
        {"securityContext",
         {{"allowPrivilegeEscalation", false}, {"readOnlyRootFilesystem", true}, {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
        {"volumeMounts",
         Json::array(
             {mount("config", api::kConfigDirectory), mount("secrets", api::kSecretsDirectory), mount("share", api::kShareDirectory)}
         )},
        {"resources", pod.resources.is_null() ? Json{{"requests", {{"cpu", "100m"}, {"memory", "64Mi"}}}} : pod.resources}
    };
    put(container, "imagePullPolicy", pod.image_pull_policy);
    put(container, "env", pod.env);
    return container;
}

Json share_volume(int mode) {
    const Json field{{"apiVersion", "v1"}, {"fieldPath", fmt::format("metadata.annotations['{}']", api::kShareAnnotation)}};
    return {{"defaultMode", mode}, {"items", Json::array({{{"path", api::kShareKey}, {"fieldRef", field}}})}};
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
              {{"name", "secrets"}, {"secret", {{"secretName", api::userlist_secret_name(pool.name)}, {"defaultMode", kReadableToAll}}}},
              {{"name", "share"}, {"downwardAPI", share_volume(kReadableToAll)}}}
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

std::string short_hash(const Json& value) { return sha256_hex(kube::dump_json(value)).substr(0, 16); }

/// All of the pool that its pods' template is made from.
Json template_inputs(const api::ConnectionPool& pool, std::string_view restarted_at) {
    const api::Pod& pod = pool.spec.pod;
    return {
        pod.image,
        pod.image_pull_policy,
        pod.image_pull_secrets,
        pod.resources,
        pod.node_selector,
        pod.affinity,
        pod.tolerations,
        pod.topology_spread_constraints,
        pod.env,
        pod.labels,
        pod.annotations,
        pod.priority_class_name,
        pod.runtime_class_name,
        grace_period_seconds(pool.spec.drain_timeout),
        restarted_at
    };
}

}  // namespace

Json deployment(const api::ConnectionPool& pool, const DeploymentInputs& inputs) {
    Json object = child(pool, kube::kDeployment, pool.name);
    Json pod_template{{"metadata", pod_metadata(pool)}, {"spec", pod_spec(pool, inputs.image)}};
    if (!inputs.restarted_at.empty()) {
        pod_template["metadata"]["annotations"][std::string(api::kRestartedAtAnnotation)] = inputs.restarted_at;
    }
    const std::string rendering = short_hash(pod_template);
    pod_template["metadata"]["annotations"][std::string(api::kTemplateAnnotation)] = rendering;
    object["metadata"]["annotations"] = {
        {api::kTemplateAnnotation, rendering}, {api::kTemplateInputsAnnotation, short_hash(template_inputs(pool, inputs.restarted_at))}
    };
    object["spec"] = {
        {"replicas", inputs.replicas},
        {"revisionHistoryLimit", 3},
        {"selector", {{"matchLabels", api::selector_labels(pool.name)}}},
        // One more pod at a time, none less.
        {"strategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}},
        {"template", std::move(pod_template)}
    };
    return object;
}

}  // namespace cenote::specs
