#include "operator/specs/desired_state.hpp"

#include "operator/specs/objects.hpp"
#include "operator/specs/pool_ini.hpp"
#include "operator/specs/userlist.hpp"

#include <utility>

namespace cenote::specs {

std::vector<kube::Json> DesiredState::objects() const {
    std::vector<kube::Json> all{secret, config_map, service, deployment};
    if (pod_disruption_budget) {
        all.push_back(*pod_disruption_budget);
    }
    return all;
}

Result<DesiredState> desired_state(const api::ConnectionPool& pool, const Inputs& inputs) {
    auto users = make_userlist(inputs.username, inputs.password, inputs.users);
    if (!users) {
        return std::move(users).error();
    }
    auto ini = pool_ini(pool.spec, {.username = inputs.username, .userlist = *users, .max_client_conn = inputs.max_client_conn});
    if (!ini) {
        return std::move(ini).error();
    }
    DesiredState state;
    state.ini = *std::move(ini);
    state.userlist = users->text;
    state.replicas = inputs.replicas;
    state.hashes = config_hashes(state.ini, state.userlist);
    state.config_map = config_map(pool, state.ini);
    state.secret = userlist_secret(pool, state.userlist);
    state.deployment = deployment(pool, {.image = inputs.image, .replicas = inputs.replicas, .restarted_at = inputs.restarted_at});
    state.service = service(pool);
    if (pool.spec.replicas > 1) {
        state.pod_disruption_budget = pod_disruption_budget(pool);
    }
    return state;
}

}  // namespace cenote::specs
