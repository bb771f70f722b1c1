#include "operator/controller/watches.hpp"

#include "operator/api/labels.hpp"
#include "operator/sizing/workload_detection.hpp"

namespace cenote::controller {
namespace {

using kube::Json;
using kube::ObjectName;
using runtime::Informer;
using runtime::ObjectChange;
using runtime::ObjectStore;

// Of Secrets, those that can be credentials: releases of Helm and tokens are most of a cluster's, and none of this program's business.
constexpr const char* kSecretTypes = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=kubernetes.io/tls";

std::string managed() { return fmt::format("{}={}", api::kManagedByLabel, api::kManagedByValue); }

struct Informers {
    Informer& pools;
    Informer& config_maps;
    Informer& secrets;
    Informer& services;
    Informer& deployments;
    Informer& stateful_sets;
    Informer& pods;
    Informer& autoscalers;
    Informer& disruption_budgets;
};

Informers informers(runtime::Manager& manager, const std::string& ns) {
    const auto of = [&](const kube::ResourceType& type, std::string labels, std::string fields) -> Informer& {
        return manager.informer({.type = type, .ns = ns, .label_selector = std::move(labels), .field_selector = std::move(fields)});
    };
    return {
        of(kube::kConnectionPool, "", ""),
        of(kube::kConfigMap, "", ""),
        of(kube::kSecret, "", kSecretTypes),
        of(kube::kService, managed(), ""),
        of(kube::kDeployment, "", ""),
        of(kube::kStatefulSet, "", ""),
        of(kube::kPod, managed(), ""),
        of(kube::kHorizontalPodAutoscaler, "", ""),
        of(kube::kPodDisruptionBudget, managed(), ""),
    };
}

/// Pools whose workloads' environments come from this ConfigMap.
std::vector<ObjectName> pools_reading(const Caches& caches, const Json& config_map) {
    std::vector<ObjectName> names;
    const std::string ns = kube::namespace_of(config_map);
    for (const auto* store : {caches.deployments, caches.stateful_sets}) {
        for (const auto& workload : store->list(ns)) {
            if (sizing::referenced_config_maps(kube::object_or_empty(*workload, "/spec/template")).contains(kube::name_of(config_map))) {
                for (ObjectName& pool : pools_sized_by(*caches.pools, ns, kube::kind_of(*workload), kube::name_of(*workload))) {
                    names.push_back(std::move(pool));
                }
            }
        }
    }
    return names;
}

Caches caches_from(const Informers& all) {
    return {
        .pools = &all.pools.store(),
        .config_maps = &all.config_maps.store(),
        .secrets = &all.secrets.store(),
        .services = &all.services.store(),
        .deployments = &all.deployments.store(),
        .stateful_sets = &all.stateful_sets.store(),
        .pods = &all.pods.store(),
        .autoscalers = &all.autoscalers.store(),
        .disruption_budgets = &all.disruption_budgets.store(),
    };
}

}  // namespace

std::vector<ObjectName> pools_using_secret(const ObjectStore& pools, const Json& secret) {
    std::vector<ObjectName> names;
    const std::string name = kube::name_of(secret);
    for (const auto& pool : pools.list(kube::namespace_of(secret))) {
        if (kube::string_or(*pool, "/spec/database/credentialsSecretRef/name") == name ||
            kube::string_or(*pool, "/spec/auth/usersSecretRef/name") == name) {
            names.push_back(kube::object_name_of(*pool));
        }
    }
    return names;
}

std::vector<ObjectName> pools_sized_by(const ObjectStore& pools, const std::string& ns, std::string_view kind, std::string_view name) {
    std::vector<ObjectName> names;
    for (const auto& pool : pools.list(ns)) {
        for (const Json& workload : kube::array_or_empty(*pool, "/spec/workloads")) {
            if (kube::string_or(workload, "/target/kind") == kind && kube::string_or(workload, "/target/name") == name) {
                names.push_back(kube::object_name_of(*pool));
                break;
            }
        }
    }
    return names;
}

Caches caches_of(runtime::Manager& manager, const std::string& ns) { return caches_from(informers(manager, ns)); }

void watch_pods(runtime::Manager& manager, PodPoller& poller, const std::string& ns) {
    informers(manager, ns).pods.add_handler([&poller](const ObjectChange& change) {
        if (change.before && (!change.after || kube::uid_of(*change.before) != kube::uid_of(*change.after))) {
            poller.pod_gone(kube::uid_of(*change.before));
        }
        if (change.after) {
            const ObjectName pool{kube::namespace_of(*change.after), kube::label_of(*change.after, api::kInstanceLabel).value_or("")};
            poller.pod_seen(kube::uid_of(*change.after), pool, status_address_of(*change.after));
        }
    });
}

Caches watch_everything(runtime::Manager& manager, runtime::Controller& controller, const std::string& ns) {
    const Informers all = informers(manager, ns);
    const Caches caches = caches_from(all);
    const auto to_owner = runtime::to_controller_owner(kube::kConnectionPool);
    // Status writes of our own bring nothing new; its deletion and its edits do.
    controller.watch(all.pools, runtime::to_self(), runtime::spec_changed());
    for (Informer* children : {&all.config_maps, &all.secrets, &all.services, &all.deployments, &all.disruption_budgets}) {
        controller.watch(*children, to_owner, runtime::content_changed());
    }
    controller.watch(all.pods, runtime::to_name_in_label(std::string(api::kInstanceLabel)), runtime::content_changed());
    controller.watch(
        all.secrets, [caches](const Json& secret) { return pools_using_secret(*caches.pools, secret); }, runtime::content_changed()
    );
    controller.watch(all.config_maps, [caches](const Json& map) { return pools_reading(caches, map); }, runtime::content_changed());
    for (Informer* workloads : {&all.deployments, &all.stateful_sets}) {
        controller.watch(
            *workloads,
            [caches](const Json& workload) {
                return pools_sized_by(*caches.pools, kube::namespace_of(workload), kube::kind_of(workload), kube::name_of(workload));
            },
            runtime::spec_changed()
        );
    }
    controller.watch(
        all.autoscalers,
        [caches](const Json& autoscaler) {
            return pools_sized_by(
                *caches.pools, kube::namespace_of(autoscaler), kube::string_or(autoscaler, "/spec/scaleTargetRef/kind"),
                kube::string_or(autoscaler, "/spec/scaleTargetRef/name")
            );
        },
        runtime::spec_differs()
    );
    return caches;
}

}  // namespace cenote::controller
