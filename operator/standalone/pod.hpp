// One pod: volumes, a process, its readiness, restarts and its end, as a kubelet does them. Owned and driven by Node's thread; never waits.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/probe/http_get.hpp"
#include "operator/standalone/child_process.hpp"
#include "operator/standalone/memory_cluster.hpp"
#include "operator/standalone/pod_command.hpp"
#include "operator/standalone/port_book.hpp"
#include "operator/standalone/rollout.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cenote::standalone {

struct PodOptions {
    std::string program;
    std::string listen_addr;
    std::filesystem::path directory;  // of all pods
};

/// What makes one pod of a Deployment different from another.
struct PodIdentity {
    std::string revision;  // of the template it is made from
    int listen_port = 0;
    long number = 0;  // order of creation
};

class Pod {
public:
    Pod(MemoryCluster& cluster, PortBook& ports, const PodOptions& options, const kube::Json& deployment, PodIdentity identity);
    Pod(const Pod&) = delete;
    Pod& operator=(const Pod&) = delete;
    ~Pod();

    [[nodiscard]] const kube::ObjectName& name() const noexcept { return name_; }
    [[nodiscard]] const kube::ObjectName& deployment() const noexcept { return deployment_; }
    [[nodiscard]] PodView view() const;

    /// Asks the process to stop; after the grace period it is killed.
    void end(TimePoint now);
    /// The process is gone for good and the Pod object deleted.
    [[nodiscard]] bool is_over() const noexcept { return over_; }
    /// Does what is due. True when what others see of it has changed.
    bool advance(TimePoint now);
    /// When advance() has something to do though nothing is readable.
    [[nodiscard]] TimePoint due() const;
    /// File descriptors to wait for, with their poll events.
    [[nodiscard]] std::vector<std::pair<int, short>> waits_for() const;

private:
    bool sync_volumes();
    void start(TimePoint now);
    void on_exit(const ExitStatus& status, TimePoint now);
    bool probe(TimePoint now);
    void publish(bool create);
    [[nodiscard]] kube::Json status() const;
    void say(kube::EventRecord::Type type, const std::string& reason, const std::string& note);
    [[nodiscard]] std::filesystem::path directory() const { return options_.directory / name_.name; }

    MemoryCluster& cluster_;
    PortBook& ports_;
    const PodOptions& options_;
    kube::ObjectName name_;
    kube::ObjectName deployment_;
    kube::Json owner_;  // reference
    kube::Json template_;
    std::string revision_;
    int listen_port_;
    int http_port_ = 0;
    long number_;

    std::optional<ChildProcess> child_;
    std::unique_ptr<probe::HttpGet> request_;
    std::string volume_versions_;
    std::string waiting_;  // reason why it does not run
    std::string waiting_message_;
    std::optional<ExitStatus> last_exit_;
    TimePoint next_start_{};
    TimePoint started_at_{};
    TimePoint next_probe_{};
    TimePoint kill_at_{};
    Duration backoff_;
    int restarts_ = 0;
    int failed_probes_ = 0;
    bool ready_ = false;
    bool ending_ = false;
    bool killed_ = false;
    bool over_ = false;
    bool changed_ = true;
};

}  // namespace cenote::standalone
