#include "operator/standalone/node.hpp"

#include "dataplane/base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace cenote::standalone {
namespace {

using kube::Json;

constexpr Duration kTellAgain = std::chrono::minutes(1);
constexpr Duration kLookAtPorts = std::chrono::milliseconds(500);

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

/// FNV-1a: a short name for a text, not a protection.
std::string short_hash(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return fmt::format("{:08x}", static_cast<std::uint32_t>(hash ^ hash >> 32U));
}

}  // namespace

Node::Node(MemoryCluster& cluster, NodeOptions options)
    : cluster_(cluster),
      options_(std::move(options)),
      pod_options_{options_.program, options_.listen_addr, options_.state_dir / "pods"},
      ports_(options_.state_dir / "ports.json", options_.listen_addr),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Node::~Node() {
    stop();
    ::close(wake_fd_);
}

void Node::start() {
    // Left by a run that was killed; its processes died with it.
    std::error_code ignored;
    std::filesystem::remove_all(pod_options_.directory, ignored);
    std::filesystem::create_directories(pod_options_.directory, ignored);
    thread_ = std::thread([this] { run(); });
}

void Node::stop() {
    stopping_ = true;
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Node::wake() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_fd_, &one, sizeof one) != 0);
}

void Node::run() {
    while (true) {
        const TimePoint now = Clock::now();
        turn(now);
        if (stopping_ && pods_.empty()) {
            return;
        }
        wait(now);
    }
}

void Node::wait(TimePoint now) {
    std::vector<pollfd> fds{{.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    TimePoint due = now + std::chrono::seconds(5);
    if (!port_taken_.empty()) {
        due = std::min(due, now + kLookAtPorts);
    }
    for (const auto& pod : pods_) {
        due = std::min(due, pod->due());
        for (const auto& [fd, events] : pod->waits_for()) {
            fds.push_back({.fd = fd, .events = events, .revents = 0});
        }
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now).count();
    ::poll(fds.data(), fds.size(), static_cast<int>(std::max<decltype(left)>(left, 0)));
    std::uint64_t ignored = 0;
    static_cast<void>(::read(wake_fd_, &ignored, sizeof ignored) != 0);
}

void Node::turn(TimePoint now) {
    std::map<kube::ObjectName, bool> seen;
    if (!stopping_) {
        const auto deployments = cluster_.list(kube::kDeployment, {});
        for (const Json& deployment : deployments->items) {
            if (is_ours(deployment)) {
                seen[kube::object_name_of(deployment)] = true;
                roll_out(deployment, now);
            }
        }
        for (const auto& [name, known] : deployments_) {
            if (!seen.contains(name)) {
                ports_.forget(name.to_string());
                port_taken_.erase(name);
            }
        }
        deployments_ = seen;
    }
    std::set<kube::ObjectName> touched;
    for (const auto& pod : pods_) {
        const auto object = cluster_.get(kube::kPod, pod->name());
        if (!seen.contains(pod->deployment()) || !object || kube::is_being_deleted(*object)) {
            pod->end(now);
        }
        if (pod->advance(now)) {
            touched.insert(pod->deployment());
        }
    }
    std::erase_if(pods_, [](const auto& pod) { return pod->is_over(); });
    if (!touched.empty()) {
        wake();  // what changed here may let the roll-out go on
    }
}

bool Node::is_ours(const Json& deployment) const {
    const auto owner = kube::controller_of(deployment);
    return owner && owner->kind == kube::kConnectionPool.kind && !kube::is_being_deleted(deployment);
}

std::optional<int> Node::stated_port(const Json& deployment) {
    const auto owner = kube::controller_of(deployment);
    const auto pool = cluster_.get(kube::kConnectionPool, {kube::namespace_of(deployment), owner->name});
    const auto text = pool ? kube::annotation_of(*pool, kPortAnnotation) : std::nullopt;
    int port = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), port).ec != std::errc{} || port <= 0 || port > 65535) {
        return std::nullopt;
    }
    return port;
}

/// All that a running process cannot take over: the template, its port, and settings whose files moved (they are given on its command
/// line).
std::string Node::revision_of(const Json& deployment, int port) {
    const Json& pod_template = kube::object_or_empty(deployment, "/spec/template");
    const Json& spec = kube::object_or_empty(pod_template, "/spec");
    std::string text = fmt::format("{}\n{}", kube::dump_json(pod_template), port);
    for (const VolumeSource& source : volume_sources(spec)) {
        if (const auto object = cluster_.get(source.type, {kube::namespace_of(deployment), source.object});
            object && source.type == kube::kConfigMap) {
            for (const auto& [file, content] : source.files_of(*object)) {
                for (const std::string& setting : moved_settings(content, spec, "")) {
                    text += '\n' + setting;
                }
            }
        }
    }
    return short_hash(text);
}

std::vector<PodView> Node::views_of(const kube::ObjectName& deployment) const {
    std::vector<PodView> out;
    for (const auto& pod : pods_) {
        if (pod->deployment() == deployment) {
            out.push_back(pod->view());
        }
    }
    return out;
}

void Node::roll_out(const Json& deployment, TimePoint now) {
    const kube::ObjectName name = kube::object_name_of(deployment);
    const std::vector<PodView> pods = views_of(name);
    const int port = ports_.port_of(name.to_string(), stated_port(deployment), !pods.empty());
    publish_endpoint(name, port);
    const std::string revision = revision_of(deployment, port);
    const RolloutPlan plan = plan_rollout(deployment, revision, pods);
    const int start = plan.start > 0 && may_use(port, name, pods, now) ? plan.start : 0;
    for (int i = 0; i < start; ++i) {
        pods_.push_back(std::make_unique<Pod>(cluster_, ports_, pod_options_, deployment, PodIdentity{revision, port, ++created_}));
    }
    for (const std::string& ended : plan.end) {
        for (const auto& pod : pods_) {
            if (pod->name() == kube::ObjectName{name.ns, ended}) {
                pod->end(now);
            }
        }
    }
    const Json status = deployment_status(deployment, revision, views_of(name), now_text());
    static_cast<void>(cluster_.set_status(kube::kDeployment, name, status));
}

/// Pods share a port, and the kernel would let a stranger's join in: so before the first one the port must be nobody's.
bool Node::may_use(int port, const kube::ObjectName& name, const std::vector<PodView>& pods, TimePoint now) {
    if (!pods.empty() || is_port_free(options_.listen_addr, port)) {
        port_taken_.erase(name);
        return true;
    }
    const auto [told, first] = port_taken_.try_emplace(name, now);
    if (first || now - told->second >= kTellAgain) {
        told->second = now;
        kube::EventRecord event;
        event.regarding = {kube::kConnectionPool.api_version(), std::string(kube::kConnectionPool.kind), name.ns, name.name, ""};
        event.type = kube::EventRecord::Type::kWarning;
        event.reason = "PortTaken";
        event.action = "Starting";
        event.note = fmt::format("another program listens on {}:{}; the pool starts when it is free", options_.listen_addr, port);
        event.name = fmt::format("{}.port-taken", name.name);
        event.first_observed = event.last_observed = std::chrono::system_clock::now();
        static_cast<void>(cluster_.emit(event));
    }
    return false;
}

void Node::publish_endpoint(const kube::ObjectName& name, int port) {
    if (cluster_.get(kube::kService, name)) {
        Json service;
        service["metadata"]["annotations"][std::string(kEndpointAnnotation)] =
            fmt::format("{}:{}", options_.listen_addr == "0.0.0.0" ? "127.0.0.1" : options_.listen_addr, port);
        static_cast<void>(cluster_.apply_as("node", kube::kService, name, std::move(service)));
    }
}

}  // namespace cenote::standalone
