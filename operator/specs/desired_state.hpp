// Everything a ConnectionPool means in the cluster, as objects for server-side apply. Pure: what must be looked up comes in as values.
// Editing sizes, settings or users changes the ConfigMap and the Secret only: the Deployment's pod template does not know their content,
// so nothing rolls. Only what needs a new pod (image, resources, placement, …) changes the template.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/api/connection_pool.hpp"
#include "operator/kube/json.hpp"
#include "operator/specs/config_hash.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cenote::specs {

struct Inputs {
    std::string image;     // of the pods, unless spec.pod.image says another
    std::string username;  // from database.credentialsSecretRef
    std::string password;
    std::optional<std::string> users;     // userlist.txt of auth.usersSecretRef
    std::int64_t max_client_conn = 1000;  // from the demand side
    std::int64_t replicas = 1;            // that may run now
    std::string restarted_at;             // of the pool's annotation
};

struct DesiredState {
    std::string ini;
    std::string userlist;
    ConfigHashes hashes;
    std::int64_t replicas = 1;
    kube::Json config_map;
    kube::Json secret;
    kube::Json deployment;
    kube::Json service;
    std::optional<kube::Json> pod_disruption_budget;  // with more than one replica; nullopt: remove it if it is there

    /// Every object, files before the pods that mount them.
    [[nodiscard]] std::vector<kube::Json> objects() const;
};

/// Fails when the inputs cannot be rendered: a password with a line break, a users file that is not one.
[[nodiscard]] Result<DesiredState> desired_state(const api::ConnectionPool& pool, const Inputs& inputs);

}  // namespace cenote::specs
