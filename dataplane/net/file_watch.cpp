#include "dataplane/net/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

namespace cenote::net {
namespace {

constexpr auto kSettle = std::chrono::milliseconds(50);
// The link a kubelet swaps when a ConfigMap or Secret changes: the files' own names are links through it and never change.
constexpr std::string_view kVolumeLink = "..data";
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE;

using Names = std::set<std::string, std::less<>>;

}  // namespace

struct FileWatch::State : std::enable_shared_from_this<State> {
    struct Directory {
        int watch = -1;
        Names names;
    };

    State(asio::io_context& io, std::function<void()> fn)
        : descriptor(io, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), settle(io), changed(std::move(fn)) {}

    void wait() {
        descriptor.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](error_code failure) {
            if (failure) {
                return;
            }
            if (self->read_events()) {
                self->tell_soon();
            }
            self->wait();
        });
    }

    // True if one of them may mean a watched file. The kernel also reports what nobody did to a file: IN_IGNORED for a watch that ended.
    bool read_events() {
        bool any = false;
        alignas(inotify_event) std::array<char, 8192> bytes{};
        for (ssize_t size = 0; (size = ::read(descriptor.native_handle(), bytes.data(), bytes.size())) > 0;) {
            for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
                inotify_event event{};
                std::memcpy(&event, bytes.data() + at, sizeof event);
                const char* name = event.len > 0 ? bytes.data() + at + sizeof event : "";
                any = counts(event, name) || any;
                at += sizeof event + event.len;
            }
        }
        return any;
    }

    [[nodiscard]] bool counts(const inotify_event& event, std::string_view name) const {
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            return true;  // events were lost, and with them perhaps ours
        }
        if ((event.mask & kEvents) == 0) {
            return false;
        }
        // Two ways of writing one directory share a watch.
        return std::any_of(directories.begin(), directories.end(), [&](const Directory& directory) {
            return directory.watch == event.wd && (name == kVolumeLink || directory.names.contains(name));
        });
    }

    void tell_soon() {
        settle.expires_after(kSettle);
        settle.async_wait([self = shared_from_this()](error_code cancelled) {
            if (!cancelled) {
                self->changed();
            }
        });
    }

    asio::posix::stream_descriptor descriptor;
    asio::steady_timer settle;
    std::function<void()> changed;
    std::vector<Directory> directories;
};

FileWatch::FileWatch(asio::io_context& io, std::function<void()> changed) : state_(std::make_shared<State>(io, std::move(changed))) {
    state_->wait();
}

FileWatch::~FileWatch() {
    error_code ignored;
    static_cast<void>(state_->descriptor.close(ignored));
    static_cast<void>(state_->settle.cancel(ignored));
}

void FileWatch::watch(const std::vector<std::string>& files) {
    const int fd = state_->descriptor.native_handle();
    std::map<std::string, Names> wanted;
    for (const auto& file : files) {
        const std::filesystem::path path(file);
        const auto parent = path.parent_path();
        wanted[parent.empty() ? "." : parent.string()].insert(path.filename().string());
    }
    const auto before = std::exchange(state_->directories, {});
    std::set<int> kept;
    for (auto& [path, names] : wanted) {
        // The kernel gives a directory that it watches already the number it has. One that was replaced by another gets a new one.
        const int watch = ::inotify_add_watch(fd, path.c_str(), kEvents);
        kept.insert(watch);
        state_->directories.push_back({watch, std::move(names)});
    }
    for (const auto& directory : before) {
        if (directory.watch >= 0 && !kept.contains(directory.watch)) {
            ::inotify_rm_watch(fd, directory.watch);
        }
    }
}

}  // namespace cenote::net
