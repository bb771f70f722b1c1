#include "operator/controller/observe.hpp"

#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/labels.hpp"
#include "operator/kube/base64.hpp"
#include "operator/specs/pool_share.hpp"

#include <algorithm>
#include <charconv>

namespace cenote::controller {
namespace {

using kube::Json;
using kube::ObjectName;

bool is_ready(const Json& pod) {
    for (const Json& condition : kube::array_or_empty(pod, "/status/conditions")) {
        if (kube::string_or(condition, "/type") == "Ready") {
            return kube::string_or(condition, "/status") == "True";
        }
    }
    return false;
}

/// The credentials under the keys that are usual, whatever their Secret calls them.
void take_keys(const api::DatabaseRef& database, SecretRef& credentials) {
    if (!credentials.data) {
        return;
    }
    SecretData taken;
    for (const auto& [key, usual] :
         {std::pair(database.username_key, api::kUsernameKey), std::pair(database.password_key, api::kPasswordKey)}) {
        if (const auto at = credentials.data->find(key); at != credentials.data->end()) {
            taken[std::string(usual)] = at->second;
        }
    }
    credentials.data = std::move(taken);
}

/// Why a pod does not come up: what its containers wait for, or why it has no node.
std::pair<std::string, std::string> trouble_of(const Json& pod) {
    for (const Json& container : kube::array_or_empty(pod, "/status/containerStatuses")) {
        const std::string reason = kube::string_or(container, "/state/waiting/reason");
        if (!reason.empty() && reason != "ContainerCreating" && reason != "PodInitializing") {
            return {reason, kube::string_or(container, "/state/waiting/message")};
        }
    }
    for (const Json& condition : kube::array_or_empty(pod, "/status/conditions")) {
        if (kube::string_or(condition, "/type") == "PodScheduled" && kube::string_or(condition, "/status") == "False") {
            return {kube::string_or(condition, "/reason"), kube::string_or(condition, "/message")};
        }
    }
    return {};
}

// api::kTemplateAnnotation as a step of a JSON pointer.
constexpr std::string_view kTemplatePath = "cenote.dev~1template";

/// A pod that has ended for good holds nothing and runs nothing.
bool is_finished(const Json& pod) {
    const std::string phase = kube::string_or(pod, "/status/phase");
    return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

std::optional<PodAddress> status_address_of(const Json& pod) {
    PodAddress address{kube::string_or(pod, "/status/podIP"), 0};
    // Which of its containers is ours is not said by their order: an injected sidecar may come first.
    for (const Json& container : kube::array_or_empty(pod, "/spec/containers")) {
        if (kube::string_or(container, "/name") != api::kContainerName) {
            continue;
        }
        for (const Json& port : kube::array_or_empty(container, "/ports")) {
            if (kube::string_or(port, "/name") == api::kHttpPortName) {
                address.port = static_cast<int>(kube::int_or(port, "/containerPort"));
            }
        }
    }
    if (is_finished(pod) || address.ip.empty() || address.port <= 0 || address.port > 65535) {
        return std::nullopt;
    }
    return address;
}

std::int64_t Observed::being_replaced() const {
    const std::string rendering =
        deployment ? kube::string_or(*deployment, fmt::format("/spec/template/metadata/annotations/{}", kTemplatePath)) : "";
    return std::count_if(pods.begin(), pods.end(), [&rendering](const PodState& pod) { return !pod.ending && pod.rendering != rendering; });
}

const runtime::ObjectStore* Caches::of(const kube::ResourceType& type) const {
    const std::pair<const kube::ResourceType*, const runtime::ObjectStore*> all[] = {
        {&kube::kConnectionPool, pools},
        {&kube::kConfigMap, config_maps},
        {&kube::kSecret, secrets},
        {&kube::kService, services},
        {&kube::kDeployment, deployments},
        {&kube::kStatefulSet, stateful_sets},
        {&kube::kPod, pods},
        {&kube::kHorizontalPodAutoscaler, autoscalers},
        {&kube::kPodDisruptionBudget, disruption_budgets},
    };
    const auto* found = std::find_if(std::begin(all), std::end(all), [&type](const auto& entry) { return *entry.first == type; });
    return found == std::end(all) ? nullptr : found->second;
}

SecretData decode_secret(const Json& secret) {
    SecretData data;
    for (const auto& [key, value] : kube::object_or_empty(secret, "/data").items()) {
        if (value.is_string()) {
            if (auto bytes = kube::decode_base64(value.get<std::string>())) {
                data[key] = std::move(*bytes);
            }
        }
    }
    return data;
}

std::optional<Observed> Observer::observe(const ObjectName& name) const {
    Observed observed;
    observed.object = caches_.pools->get(name);
    if (!observed.object) {
        return std::nullopt;
    }
    if (auto pool = api::parse_connection_pool(*observed.object)) {
        observed.pool = std::move(*pool);
    } else {
        observed.spec_error = pool.error().message;
        observed.pool.generation = kube::generation_of(*observed.object);
        observed.pool.uid = kube::uid_of(*observed.object);
        observed.pool.deleting = kube::is_being_deleted(*observed.object);
        if (auto status = api::parse_status(kube::object_or_empty(*observed.object, "/status"))) {
            observed.pool.status = std::move(*status);
        }
    }
    observed.pool.namespace_ = name.ns;
    observed.pool.name = name.name;
    observed.config_map = caches_.config_maps->get(name);
    observed.deployment = caches_.deployments->get(name);
    observed.service = caches_.services->get(name);
    observed.credentials = secret(name.ns, observed.pool.spec.database.credentials_secret);
    take_keys(observed.pool.spec.database, observed.credentials);
    observed.users = secret(name.ns, observed.pool.spec.users_secret);
    for (const api::Workload& entry : observed.pool.spec.workloads) {
        observed.workloads.push_back(workload(name.ns, entry));
    }
    read_config_maps(observed);
    observed.pods = pods(name);
    return observed;
}

SecretRef Observer::secret(const std::string& ns, const std::string& name) const {
    SecretRef ref{name, std::nullopt};
    if (!name.empty()) {
        if (const auto object = caches_.secrets->get({ns, name})) {
            ref.data = decode_secret(*object);
        }
    }
    return ref;
}

std::int64_t Observer::autoscaled_to(const std::string& ns, const api::WorkloadTarget& target) const {
    std::int64_t most = 0;
    for (const auto& autoscaler : caches_.autoscalers->list(ns)) {
        if (kube::string_or(*autoscaler, "/spec/scaleTargetRef/kind") == api::to_string(target.kind) &&
            kube::string_or(*autoscaler, "/spec/scaleTargetRef/name") == target.name) {
            most = std::max(most, kube::int_or(*autoscaler, "/spec/maxReplicas"));
        }
    }
    return most;
}

WorkloadView Observer::workload(const std::string& ns, const api::Workload& workload) const {
    WorkloadView view{workload, nullptr, workload.replicas.value_or(1)};
    if (workload.target) {
        const bool deployment = workload.target->kind == api::TargetKind::kDeployment;
        view.target = (deployment ? caches_.deployments : caches_.stateful_sets)->get({ns, workload.target->name});
        const std::int64_t stated = view.target ? kube::int_or(*view.target, "/spec/replicas", 1) : 0;
        view.replicas = std::max(stated, autoscaled_to(ns, *workload.target));
    }
    return view;
}

void Observer::read_config_maps(Observed& observed) const {
    for (const WorkloadView& view : observed.workloads) {
        if (!view.target) {
            continue;
        }
        for (const std::string& name : sizing::referenced_config_maps(kube::object_or_empty(*view.target, "/spec/template"))) {
            if (const auto object = caches_.config_maps->get({observed.pool.namespace_, name})) {
                auto& data = observed.config_maps[name];
                for (const auto& [key, value] : kube::object_or_empty(*object, "/data").items()) {
                    if (value.is_string()) {
                        data[key] = value.get<std::string>();
                    }
                }
            }
        }
    }
}

std::vector<PodState> pods_of(const runtime::ObjectStore& pods, const ObjectName& pool, const ReadReport& report_of) {
    std::vector<PodState> states;
    for (const auto& pod : pods.list(pool.ns, api::selector_text(pool.name))) {
        if (is_finished(*pod)) {
            continue;
        }
        const auto trouble = trouble_of(*pod);
        const std::string may_use = kube::annotation_of(*pod, api::kMayUseAnnotation).value_or("");
        std::int64_t most = 0;
        static_cast<void>(std::from_chars(may_use.data(), may_use.data() + may_use.size(), most));
        states.push_back({
            .name = kube::object_name_of(*pod),
            .uid = kube::uid_of(*pod),
            .resource_version = kube::resource_version_of(*pod),
            .rendering = kube::annotation_of(*pod, api::kTemplateAnnotation).value_or(""),
            .server = kube::annotation_of(*pod, api::kServerAnnotation).value_or(""),
            .share = specs::share_in(kube::annotation_of(*pod, api::kShareAnnotation).value_or("")),
            .may_use = most,
            .ready = is_ready(*pod),
            .ending = kube::is_being_deleted(*pod),
            .trouble = trouble.first,
            .trouble_message = trouble.second,
            .poked_for = kube::annotation_of(*pod, api::kConfigHashAnnotation).value_or(""),
            .report = report_of(kube::uid_of(*pod)),
        });
    }
    return states;
}

}  // namespace cenote::controller
