#include "operator/standalone/standalone.hpp"

#include "dataplane/base/log.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace cenote::standalone {
namespace {

constexpr const char* kManifestManager = "manifest";

}  // namespace

Result<std::unique_ptr<Standalone>> Standalone::open(StandaloneOptions options) {
    auto directory = ManifestDirectory::open(options.directory);
    if (!directory) {
        return directory.error();
    }
    if (options.state_dir.empty()) {
        options.state_dir = options.directory / ".cenote";
    }
    std::error_code error;
    std::filesystem::create_directories(options.state_dir, error);
    options.state_dir = std::filesystem::absolute(options.state_dir, error);
    ::chmod(options.state_dir.c_str(), 0700);  // copies of Secrets lie below
    const int lock = ::open((options.state_dir / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return Error{fmt::format("{}: cannot be written; --state-dir names another place", options.state_dir.string())};
    }
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return Error{fmt::format("{}: another cenote-operator uses it", options.state_dir.string())};
    }
    return std::unique_ptr<Standalone>(new Standalone(std::move(options), std::move(*directory), lock));
}

Standalone::Standalone(StandaloneOptions options, ManifestDirectory directory, int lock)
    : options_(std::move(options)),
      directory_(std::move(directory)),
      status_(options_.state_dir),
      node_(cluster_, {options_.program, options_.listen_addr, options_.state_dir}),
      lock_(lock),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    cluster_.on_event([this](const kube::EventRecord& event) { status_.log_event(event); });
    look(Clock::now());  // so that the controllers' first list is complete
    cluster_.on_change([this] {
        wake();
        node_.wake();
    });
}

Standalone::~Standalone() {
    stop();
    ::close(wake_fd_);
    ::close(lock_);
}

void Standalone::start() {
    node_.start();
    thread_ = std::thread([this] { run(); });
}

void Standalone::stop() {
    node_.stop();
    stopping_ = true;
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Standalone::wake() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_fd_, &one, sizeof one) != 0);
}

void Standalone::run() {
    while (true) {
        status_.write(cluster_, manifests_);
        if (stopping_) {
            return;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(directory_.due() - Clock::now()).count();
        pollfd fds[2] = {{.fd = directory_.fd(), .events = POLLIN, .revents = 0}, {.fd = wake_fd_, .events = POLLIN, .revents = 0}};
        ::poll(fds, 2, static_cast<int>(std::max<decltype(left)>(left, 0)));
        std::uint64_t ignored = 0;
        static_cast<void>(::read(wake_fd_, &ignored, sizeof ignored) != 0);
        const TimePoint now = Clock::now();
        if (fds[0].revents != 0) {
            directory_.on_readable(now);
        }
        if (now >= directory_.due()) {
            look(now);
        }
    }
}

void Standalone::look(TimePoint now) {
    const ManifestSet::Changes changes = manifests_.look(directory_.read(now), now);
    if (changes.look_again) {
        directory_.look_by(*changes.look_again);
    }
    for (const Manifest& manifest : changes.changed) {
        if (auto applied = cluster_.apply_as(kManifestManager, *manifest.type, manifest.name, manifest.object); !applied) {
            report({manifest.file, manifest.line, applied.error().message});
        }
    }
    for (const Manifest& manifest : changes.removed) {
        log::info("{} {} is no longer in the manifests", manifest.type->kind, manifest.name.to_string());
        static_cast<void>(cluster_.remove(*manifest.type, manifest.name, kube::Propagation::kBackground));
    }
    for (const ManifestProblem& problem : changes.new_problems) {
        report(problem);
    }
    for (const ManifestProblem& problem : changes.solved) {
        log::info("solved: {}", problem.text());
    }
}

/// On every pool of that file; on the log alone when it never gave one.
void Standalone::report(const ManifestProblem& problem) {
    bool told = false;
    for (const Manifest& manifest : manifests_.objects_of(problem.file)) {
        const auto object = cluster_.get(*manifest.type, manifest.name);
        if (*manifest.type != kube::kConnectionPool || !object) {
            continue;
        }
        const auto now = std::chrono::system_clock::now();
        kube::EventRecord event;
        event.regarding = kube::reference_to(*object);
        event.type = kube::EventRecord::Type::kWarning;
        event.reason = "ManifestInvalid";
        event.action = "Reading";
        event.note = fmt::format("{}; the last good version stays in force", problem.text()).substr(0, 1024);
        event.name = fmt::format("{}.{:x}", manifest.name.name, now.time_since_epoch().count());
        event.first_observed = now;
        event.last_observed = now;
        static_cast<void>(cluster_.emit(event));
        told = true;
    }
    if (!told) {
        log::error("{}", problem.text());
    }
}

}  // namespace cenote::standalone
