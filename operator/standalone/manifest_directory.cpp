#include "operator/standalone/manifest_directory.hpp"

#include <fmt/format.h>

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cenote::standalone {
namespace {

// Several events of one save are one look; still well below the second an edit may take.
constexpr Duration kSettle = std::chrono::milliseconds(60);
constexpr Duration kSlowLook = std::chrono::seconds(2);
// A writer that keeps its file open is not waited for longer.
constexpr Duration kMaxWriting = std::chrono::seconds(2);
constexpr std::uintmax_t kMaxFile = 4U << 20U;

std::optional<std::string> read_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > kMaxFile) {
        return std::nullopt;
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

}  // namespace

bool is_manifest_name(std::string_view name) {
    return !name.starts_with('.') && !name.starts_with('#') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

Result<ManifestDirectory> ManifestDirectory::open(const std::filesystem::path& directory) {
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) {
        return Error{fmt::format("{}: is not a directory", directory.string())};
    }
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        return Error{fmt::format("inotify: {}", std::strerror(errno))};
    }
    return ManifestDirectory(directory, fd);
}

ManifestDirectory::ManifestDirectory(std::filesystem::path directory, int fd) : directory_(std::move(directory)), fd_(fd) { watch(); }

ManifestDirectory::ManifestDirectory(ManifestDirectory&& other) noexcept
    : directory_(std::move(other.directory_)),
      fd_(std::exchange(other.fd_, -1)),
      watch_(other.watch_),
      due_(other.due_),
      being_written_(std::move(other.being_written_)),
      texts_(std::move(other.texts_)) {}

ManifestDirectory::~ManifestDirectory() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void ManifestDirectory::watch() {
    watch_ = ::inotify_add_watch(
        fd_, directory_.c_str(),
        IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
    );
}

void ManifestDirectory::on_readable(TimePoint now) {
    alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
    while (true) {
        const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
        if (n <= 0) {
            return;
        }
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(n);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const std::string name = event.len > 0 ? std::string(buffer.data() + at + sizeof event) : std::string{};
            at += sizeof event + event.len;
            if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0U) {
                watch_ = -1;
            }
            if ((event.mask & IN_MODIFY) != 0U) {
                being_written_.try_emplace(name, now);
            } else if ((event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) != 0U) {
                being_written_.erase(name);
            }
            due_ = std::min(due_, now + kSettle);
        }
    }
}

std::map<std::string, std::string> ManifestDirectory::read(TimePoint now) {
    if (watch_ < 0) {
        watch();
    }
    std::erase_if(being_written_, [now](const auto& entry) { return now - entry.second >= kMaxWriting; });
    std::map<std::string, std::string> texts;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
        const std::string name = entry.path().filename().string();
        if (!is_manifest_name(name)) {
            continue;
        }
        if (being_written_.contains(name)) {
            if (const auto known = texts_.find(name); known != texts_.end()) {
                texts.insert(*known);
            }
        } else if (auto text = read_file(entry.path())) {
            texts.emplace(name, std::move(*text));
        }
    }
    due_ = now + (being_written_.empty() ? kSlowLook : kMaxWriting / 4);
    texts_ = texts;
    return texts;
}

}  // namespace cenote::standalone
