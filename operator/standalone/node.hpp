// The machine of standalone mode: deployment controller and kubelet in one thread. Runs each ConnectionPool's Deployment as child processes
// and keeps the Deployment's status and the Pod objects as a cluster would, so that the reconciler needs no other code for it.
#pragma once

#include "operator/standalone/memory_cluster.hpp"
#include "operator/standalone/pod.hpp"
#include "operator/standalone/port_book.hpp"

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cenote::standalone {

/// On a ConnectionPool: the port its clients connect to on this machine.
inline constexpr std::string_view kPortAnnotation = "cenote.dev/standalone-port";
/// On the pool's Service, written here: where clients connect, since there is no cluster DNS.
inline constexpr std::string_view kEndpointAnnotation = "cenote.dev/endpoint";

struct NodeOptions {
    std::string program = "cenote";
    std::string listen_addr = "127.0.0.1";
    std::filesystem::path state_dir;
};

class Node {
public:
    Node(MemoryCluster& cluster, NodeOptions options);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void start();
    /// Ends every pod with its grace period, and joins the thread.
    void stop();
    /// Something in the cluster changed: look at it. Any thread.
    void wake() noexcept;

private:
    void run();
    void turn(TimePoint now);
    void roll_out(const kube::Json& deployment, TimePoint now);
    [[nodiscard]] bool may_use(int port, const kube::ObjectName& name, const std::vector<PodView>& pods, TimePoint now);
    void publish_endpoint(const kube::ObjectName& name, int port);
    [[nodiscard]] bool is_ours(const kube::Json& deployment) const;
    [[nodiscard]] std::optional<int> stated_port(const kube::Json& deployment);
    [[nodiscard]] std::string revision_of(const kube::Json& deployment, int port);
    [[nodiscard]] std::vector<PodView> views_of(const kube::ObjectName& deployment) const;
    void wait(TimePoint now);

    MemoryCluster& cluster_;
    NodeOptions options_;
    PodOptions pod_options_;
    PortBook ports_;
    std::vector<std::unique_ptr<Pod>> pods_;
    std::map<kube::ObjectName, bool> deployments_;
    std::map<kube::ObjectName, TimePoint> port_taken_;  // pools that wait for their port; when people were told
    long created_ = 0;
    int wake_fd_ = -1;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace cenote::standalone
