#include "operator/app/operator_application.hpp"

#include "dataplane/base/log.hpp"
#include "dataplane/http/server.hpp"
#include "operator/controller/watches.hpp"
#include "operator/kube/api_client.hpp"
#include "operator/kube/kube_config.hpp"
#include "operator/metrics/operator_metrics.hpp"
#include "operator/runtime/event_recorder.hpp"
#include "operator/runtime/fenced_cluster.hpp"
#include "operator/runtime/manager.hpp"
#include "operator/standalone/standalone.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>

namespace cenote::app {
namespace {

constexpr Duration kAskServer = std::chrono::seconds(2);
/// Less than what lies between a leader's giving up and another's beginning (lease duration less renew deadline).
constexpr std::chrono::seconds kWriteTimeout{4};
/// A request of the operator before this one may still be on its way, and the caches begin with what the API server had cached.
constexpr Duration kQuietAfterStart = std::chrono::seconds(3);

std::string wall_now() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())));
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "cenote-operator";
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// The cluster to work on, and what belongs to it.
struct World {
    std::unique_ptr<standalone::Standalone> standalone;
    std::unique_ptr<kube::ApiClient> kubernetes;
    std::unique_ptr<kube::ApiClient> writer;  // its requests end before another operator can lead
    std::string ns;                           // the operator's own

    [[nodiscard]] kube::Cluster& cluster() const { return standalone ? standalone->cluster() : *kubernetes; }
    [[nodiscard]] kube::Cluster& writes() const { return standalone ? standalone->cluster() : *writer; }
};

Result<World> open_world(const Options& options, metrics::OperatorMetrics& metrics) {
    World world;
    if (!options.standalone.empty()) {
        auto standalone = standalone::Standalone::open({options.standalone, options.state_dir, options.cenote, options.pool_address});
        if (!standalone) {
            return standalone.error();
        }
        world.standalone = std::move(*standalone);
        return world;
    }
    auto access = options.kubeconfig.empty() ? kube::in_cluster_access(environment) : kube::load_kubeconfig(options.kubeconfig);
    if (!access) {
        return with_context("no cluster to work on (--standalone DIR works without one)", access.error());
    }
    kube::ApiClientOptions client_options;
    client_options.reporting_instance = host_name();
    client_options.on_request =
        [&metrics](std::string_view code, std::string_view method, std::string_view host, std::chrono::duration<double> took) {
            metrics.request_done(code, method, host, took);
        };
    auto client = kube::connect(*access, client_options);
    if (!client) {
        return client.error();
    }
    world.kubernetes = std::move(*client);
    client_options.max_attempts = 1;  // a repeated write would outlive its time; the queue repeats the reconcile
    auto writer = kube::connect(*access, std::move(client_options), kWriteTimeout);
    if (!writer) {
        return writer.error();
    }
    world.writer = std::move(*writer);
    world.ns = access->ns.empty() ? "default" : access->ns;
    return world;
}

runtime::ManagerOptions manager_options(const Options& options, const World& world) {
    runtime::ManagerOptions out;
    out.lease_cluster = &world.writes();
    if (options.leader_election) {
        const std::string ns = options.leader_election_namespace.empty() ? world.ns : options.leader_election_namespace;
        out.leader_election = runtime::LeaderElectionOptions{
            .lease = {ns, "cenote-operator"},
            .identity = fmt::format("{}_{:08x}", host_name(), std::random_device{}()),
            .timing = {},
        };
    }
    return out;
}

http::Response answer(const http::Request& request, const runtime::Manager& manager, const metrics::OperatorMetrics& metrics) {
    const std::string path = request.path();
    if (path == "/healthz") {
        return {.status = 200, .body = "ok\n"};
    }
    if (path == "/readyz") {
        return manager.ready() ? http::Response{.status = 200, .body = "ok\n"}
                               : http::Response{.status = 503, .body = "caches are not filled yet\n"};
    }
    if (path == "/metrics") {
        return {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics.text()};
    }
    return {.status = 404, .body = "there are /healthz, /readyz and /metrics\n"};
}

}  // namespace

Result<void> run_operator(const Options& options, std::stop_token stop) {
    metrics::OperatorMetrics metrics(CENOTE_VERSION);
    auto world = open_world(options, metrics);
    if (!world) {
        return world.error();
    }
    kube::Cluster& cluster = world->cluster();
    runtime::Manager manager(cluster, manager_options(options, *world), metrics);
    runtime::FencedCluster fenced(cluster, world->writes(), [&manager] { return manager.leading(); });
    runtime::EventRecorder recorder(fenced);

    runtime::Controller* controller = nullptr;
    controller::ReconcilerOptions reconciler_options;
    reconciler_options.image = options.image.empty() ? "cenote" : options.image;
    reconciler_options.read_capacity = [](const database::Target& target) { return database::read_capacity(target, kAskServer); };
    controller::PodPoller poller([&controller](const kube::ObjectName& name) { controller->enqueue(name); });
    reconciler_options.read_report = [&poller](const std::string& uid) { return poller.report(uid); };
    reconciler_options.still_asking = [&poller](const std::string& uid) { return poller.still_asking(uid); };
    reconciler_options.expect_change = [&poller](const kube::ObjectName& pool, bool expected) { poller.expect_change(pool, expected); };
    reconciler_options.enqueue = [&controller](const kube::ObjectName& name) { controller->enqueue(name); };
    // In a directory there is no other operator, and no cache that lags; nor are there namespaces in the names of hosts.
    reconciler_options.sizing.quiet = world->standalone ? Duration::zero() : kQuietAfterStart;
    reconciler_options.sizing.names_have_namespaces = world->standalone == nullptr;
    reconciler_options.tell = [&recorder](const kube::Json& pool, const controller::Notice& notice) {
        recorder.record(pool, notice.type, notice.reason, "Reconciling", notice.note);
    };
    reconciler_options.wall_now = wall_now;
    controller::PoolReconciler reconciler(fenced, controller::caches_of(manager, options.ns), std::move(reconciler_options), metrics);
    controller =
        &manager.add_controller({.name = "connectionpool", .workers = static_cast<std::size_t>(options.workers), .limits = {}}, reconciler);
    static_cast<void>(controller::watch_everything(manager, *controller, options.ns));
    controller::watch_pods(manager, poller, options.ns);

    std::unique_ptr<http::Server> server;
    if (options.listen_port != 0) {
        auto started = http::Server::start(options.listen_address, options.listen_port, [&](const http::Request& request) {
            return answer(request, manager, metrics);
        });
        if (!started) {
            return started.error();
        }
        server = std::move(*started);
    }
    if (world->standalone) {
        world->standalone->start();
    }
    log::info("cenote-operator {} works on {}", CENOTE_VERSION, world->standalone ? options.standalone.string() : "a Kubernetes cluster");
    poller.start([&manager] { return manager.leading(); });
    const auto result = manager.run(stop);
    poller.stop();

    // No reconcile runs any more; then what they had to say, then (standalone) the pools, which drain.
    recorder.stop();
    if (world->standalone) {
        world->standalone->stop();
    }
    return result;
}

}  // namespace cenote::app
