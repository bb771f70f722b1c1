#include "operator/standalone/pod.hpp"

#include "dataplane/base/log.hpp"
#include "operator/api/labels.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <poll.h>

#include <csignal>

namespace cenote::standalone {
namespace {

using kube::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstBackoff = milliseconds(500);
constexpr Duration kMaxBackoff = seconds(30);
constexpr Duration kRunsWell = seconds(60);  // a process that ran that long starts its back-off anew
constexpr Duration kProbeUntilReady = milliseconds(100);
constexpr Duration kProbeWhenReady = seconds(1);
constexpr Duration kProbeTimeout = seconds(1);
constexpr int kFailuresUntilNotReady = 3;  // Kubernetes' failureThreshold
constexpr Duration kLookForVolumes = seconds(1);

std::string now_text() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now())); }

/// Five letters and digits that differ from pod to pod, as ReplicaSets make them.
std::string suffix(long number) {
    constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
    auto value = static_cast<unsigned long>(number) * 2'654'435'761UL +
                 static_cast<unsigned long>(std::chrono::system_clock::now().time_since_epoch().count());
    std::string out;
    for (int i = 0; i < 5; ++i) {
        out += letters[value % letters.size()];
        value /= letters.size();
    }
    return out;
}

Duration grace_of(const Json& spec) { return seconds(std::max<std::int64_t>(0, kube::int_or(spec, "/terminationGracePeriodSeconds", 30))); }

}  // namespace

Pod::Pod(MemoryCluster& cluster, PortBook& ports, const PodOptions& options, const Json& deployment, PodIdentity identity)
    : cluster_(cluster),
      ports_(ports),
      options_(options),
      deployment_(kube::object_name_of(deployment)),
      owner_(kube::controller_reference_to(deployment)),
      template_(kube::object_or_empty(deployment, "/spec/template")),
      revision_(std::move(identity.revision)),
      listen_port_(identity.listen_port),
      number_(identity.number),
      backoff_(kFirstBackoff) {
    name_ = {deployment_.ns, fmt::format("{}-{}-{}", deployment_.name, revision_, suffix(number_))};
    waiting_ = "ContainerCreating";
    publish(true);
}

Pod::~Pod() {
    request_.reset();
    child_.reset();
    ports_.give_back_http_port(http_port_);
    std::error_code ignored;
    std::filesystem::remove_all(directory(), ignored);
}

PodView Pod::view() const { return {name_.name, revision_, ready_, ending_, number_}; }

void Pod::say(kube::EventRecord::Type type, const std::string& reason, const std::string& note) {
    const auto now = std::chrono::system_clock::now();
    kube::EventRecord event;
    event.regarding = {"v1", "Pod", name_.ns, name_.name, ""};
    event.type = type;
    event.reason = reason;
    event.action = "Running";
    event.note = note;
    event.name = fmt::format("{}.{:x}", name_.name, now.time_since_epoch().count());
    event.first_observed = now;
    event.last_observed = now;
    static_cast<void>(cluster_.emit(event));
}

/// True when the volumes are there, as far as they are required. Only looks at files when an object has changed.
bool Pod::sync_volumes() {
    const Json& spec = kube::object_or_empty(template_, "/spec");
    std::string versions;
    std::vector<std::pair<std::string, VolumeFiles>> volumes;
    for (const VolumeSource& source : volume_sources(spec)) {
        const auto object = cluster_.get(source.type, source.type == kube::kPod ? name_ : kube::ObjectName{name_.ns, source.object});
        if (!object && !source.optional) {
            waiting_ = "ContainerCreating";
            waiting_message_ = fmt::format("{} \"{}\" is missing", source.type.kind, source.object);
            return false;
        }
        versions += fmt::format("{}={};", source.volume, object ? kube::resource_version_of(*object) : "");
        volumes.emplace_back(source.volume, object ? source.files_of(*object) : VolumeFiles{});
    }
    if (versions == volume_versions_) {
        return true;
    }
    for (const auto& [volume, files] : volumes) {
        if (auto written = write_volume(directory() / "volumes" / volume, files); !written) {
            waiting_ = "CreateContainerError";
            waiting_message_ = written.error().message;
            log::error("{}: {}", name_.to_string(), waiting_message_);
            return false;
        }
    }
    volume_versions_ = versions;
    return true;
}

void Pod::start(TimePoint now) {
    if (!sync_volumes()) {
        next_start_ = now + kLookForVolumes;
        return;
    }
    ports_.give_back_http_port(http_port_);
    http_port_ = ports_.take_http_port();
    const Json& spec = kube::object_or_empty(template_, "/spec");
    const std::string volumes = (directory() / "volumes").string();
    std::vector<std::string> moved;
    for (const VolumeSource& source : volume_sources(spec)) {
        if (const auto object = cluster_.get(source.type, {name_.ns, source.object}); object && source.type == kube::kConfigMap) {
            for (const auto& [file, text] : source.files_of(*object)) {
                const auto settings = moved_settings(text, spec, volumes);
                moved.insert(moved.end(), settings.begin(), settings.end());
            }
        }
    }
    const PodPlace place{options_.program, volumes, options_.listen_addr, listen_port_, http_port_};
    auto child = ChildProcess::start(make_command(spec, place, moved));
    changed_ = true;
    if (!child) {
        waiting_ = "CreateContainerError";
        waiting_message_ = child.error().message;
        say(kube::EventRecord::Type::kWarning, "Failed", waiting_message_);
        next_start_ = now + backoff_;
        backoff_ = std::min(backoff_ * 2, kMaxBackoff);
        return;
    }
    child_.emplace(std::move(*child));
    waiting_.clear();
    waiting_message_.clear();
    started_at_ = now;
    next_probe_ = now + kProbeUntilReady / 2;
    failed_probes_ = 0;
    log::info("{}: started {} as process {}, port {}", name_.to_string(), options_.program, child_->pid(), listen_port_);
}

void Pod::on_exit(const ExitStatus& status, TimePoint now) {
    child_.reset();
    request_.reset();
    ready_ = false;
    changed_ = true;
    last_exit_ = status;
    if (ending_) {
        over_ = true;
        cluster_.purge(kube::kPod, name_);
        return;
    }
    if (now - started_at_ >= kRunsWell) {
        backoff_ = kFirstBackoff;
    }
    ++restarts_;
    waiting_ = "CrashLoopBackOff";
    waiting_message_ = fmt::format(
        "the process ended with {}; next start in {} ms", status.text(), std::chrono::duration_cast<milliseconds>(backoff_).count()
    );
    say(kube::EventRecord::Type::kWarning, "BackOff", waiting_message_);
    next_start_ = now + backoff_;
    backoff_ = std::min(backoff_ * 2, kMaxBackoff);
}

void Pod::end(TimePoint now) {
    if (ending_) {
        return;
    }
    ending_ = true;
    changed_ = true;
    static_cast<void>(cluster_.remove(kube::kPod, name_, kube::Propagation::kBackground));
    if (child_) {
        child_->send(SIGTERM);
        kill_at_ = now + grace_of(kube::object_or_empty(template_, "/spec"));
    }
}

/// One request at a time; a pod becomes not ready only after several failures in a row.
bool Pod::probe(TimePoint now) {
    if (!request_) {
        if (now < next_probe_) {
            return false;
        }
        const std::string path = kube::string_or(template_, "/spec/containers/0/readinessProbe/httpGet/path", "/readyz");
        request_ = std::make_unique<probe::HttpGet>("127.0.0.1", http_port_, path, now + kProbeTimeout);
    }
    const auto answer = request_->step(now);
    if (!answer) {
        return false;
    }
    request_.reset();
    const bool good = answer->has_value() && answer->value().status == 200;
    failed_probes_ = good ? 0 : failed_probes_ + 1;
    const bool ready = good || (ready_ && failed_probes_ < kFailuresUntilNotReady);
    next_probe_ = now + (ready && good ? kProbeWhenReady : kProbeUntilReady);
    return std::exchange(ready_, ready) != ready;
}

bool Pod::advance(TimePoint now) {
    if (child_) {
        if (const auto status = child_->reap()) {
            on_exit(*status, now);
        }
    }
    if (over_) {
        return true;
    }
    if (ending_ && !child_) {
        on_exit({}, now);
        return true;
    }
    if (ending_ && !killed_ && now >= kill_at_) {
        log::warning("{}: did not stop within its grace period, killed", name_.to_string());
        child_->send(SIGKILL);
        killed_ = true;
    }
    if (!child_ && now >= next_start_) {
        start(now);
    } else if (child_) {
        if (!ending_) {
            static_cast<void>(sync_volumes());
        }
        changed_ = probe(now) || changed_;
    }
    if (changed_) {
        publish(false);
    }
    return std::exchange(changed_, false);
}

TimePoint Pod::due() const {
    if (!child_) {
        return ending_ ? TimePoint{} : next_start_;
    }
    TimePoint due = request_ ? request_->deadline() : next_probe_;
    if (ending_ && !killed_) {
        due = std::min(due, kill_at_);
    }
    return due;
}

std::vector<std::pair<int, short>> Pod::waits_for() const {
    std::vector<std::pair<int, short>> out;
    if (child_) {
        out.emplace_back(child_->fd(), POLLIN);
    }
    if (request_ && request_->fd() >= 0) {
        out.emplace_back(request_->fd(), request_->wanted());
    }
    return out;
}

Json Pod::status() const {
    const auto known = cluster_.get(kube::kPod, name_);
    const Json before = known ? kube::object_or_empty(*known, "/status") : Json::object();
    const std::string now = now_text();
    Json container{
        {"name", kube::string_or(template_, "/spec/containers/0/name")},
        {"ready", ready_},
        {"restartCount", restarts_},
        {"image", kube::string_or(template_, "/spec/containers/0/image")},
    };
    if (child_) {
        container["state"]["running"]["pid"] = child_->pid();
    } else {
        container["state"]["waiting"] = {{"reason", waiting_}, {"message", waiting_message_}};
    }
    if (last_exit_) {
        container["lastState"]["terminated"] = {{"exitCode", last_exit_->code}};
    }
    const std::string reason = ready_ ? "" : "ContainersNotReady";
    return {
        {"phase", child_ ? "Running" : "Pending"},
        {"podIP", "127.0.0.1"},
        {"hostIP", "127.0.0.1"},
        {"startTime", kube::string_or(before, "/startTime", now)},
        {"conditions", Json::array({make_condition(before, "Ready", ready_, reason, "", now)})},
        {"containerStatuses", Json::array({container})},
    };
}

void Pod::publish(bool create) {
    Json labels = kube::object_or_empty(template_, "/metadata/labels");
    labels["pod-template-hash"] = revision_;
    Json pod{
        {"metadata", {{"labels", labels}, {"ownerReferences", Json::array({owner_})}}},
        {"spec", kube::object_or_empty(template_, "/spec")},
    };
    if (const Json& annotations = kube::object_or_empty(template_, "/metadata/annotations"); !annotations.empty()) {
        pod["metadata"]["annotations"] = annotations;
    }
    // Every pod has this machine's address, so the ports tell them apart.
    pod["spec"]["containers"][0]["ports"] = Json::array({
        {{"name", api::kPostgresPortName}, {"containerPort", listen_port_}},
        {{"name", api::kHttpPortName}, {"containerPort", http_port_}},
    });
    if (!create && !cluster_.get(kube::kPod, name_)) {
        return;
    }
    static_cast<void>(cluster_.apply_as("node", kube::kPod, name_, std::move(pod)));
    static_cast<void>(cluster_.set_status(kube::kPod, name_, status()));
}

}  // namespace cenote::standalone
