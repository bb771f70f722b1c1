#include "dataplane/net/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>

namespace cenote::net {
namespace {

constexpr auto kSettle = std::chrono::milliseconds(50);

}  // namespace

struct FileWatch::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io, std::function<void()> fn)
        : descriptor(io, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), settle(io), changed(std::move(fn)) {}

    void wait() {
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code failure) {
            if (failure) {
                return;
            }
            std::array<char, 8192> events{};
            while (::read(self->descriptor.native_handle(), events.data(), events.size()) > 0) {}
            self->settle.expires_after(kSettle);
            self->settle.async_wait([self](error_code cancelled) {
                if (!cancelled) {
                    self->changed();
                }
            });
            self->wait();
        });
    }

    asio::posix::stream_descriptor descriptor;
    asio::steady_timer settle;
    std::function<void()> changed;
    std::vector<int> watches;
};

FileWatch::FileWatch(asio::io_context& io, std::function<void()> changed) : state_(std::make_shared<State>(io, std::move(changed))) {
    state_->wait();
}

FileWatch::~FileWatch() {
    error_code ignored;
    state_->descriptor.close(ignored);
    state_->settle.cancel(ignored);
}

void FileWatch::watch(const std::vector<std::string>& files) {
    const int fd = state_->descriptor.native_handle();
    for (const int watch : std::exchange(state_->watches, {})) {
        ::inotify_rm_watch(fd, watch);
    }
    std::set<std::string> directories;
    for (const auto& file : files) {
        const auto parent = std::filesystem::path(file).parent_path();
        directories.insert(parent.empty() ? "." : parent.string());
    }
    for (const auto& directory : directories) {
        const int watch = ::inotify_add_watch(fd, directory.c_str(), IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE);
        if (watch >= 0) {
            state_->watches.push_back(watch);
        }
    }
}

}  // namespace cenote::net
