#include "operator/standalone/pod_volumes.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

namespace cenote::standalone {
namespace {

namespace fs = std::filesystem;

// Secrets lie there: for this user alone.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

Error failed(std::string_view what, const fs::path& path) {
    return Error{fmt::format("{} {}: {}", what, path.string(), std::strerror(errno))};
}

Result<void> write_file(const fs::path& path, std::string_view bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
    if (fd < 0) {
        return failed("create", path);
    }
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR) {
            const Error error = failed("write", path);
            ::close(fd);
            return error;
        }
        bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    ::close(fd);
    return {};
}

/// What the volume shows now; nothing when there is none.
VolumeFiles current(const fs::path& data) {
    VolumeFiles files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(data, error)) {
        std::ifstream in(entry.path(), std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        files.emplace(entry.path().filename().string(), std::move(text).str());
    }
    return files;
}

bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && !name.starts_with("..") && name.find('/') == std::string_view::npos;
}

/// A symlink at `link`, put in place of what is there in one step.
Result<void> point(const fs::path& link, const fs::path& target) {
    const fs::path fresh = link.parent_path() / fmt::format("..tmp_{}", link.filename().string());
    ::unlink(fresh.c_str());
    if (::symlink(target.c_str(), fresh.c_str()) != 0) {
        return failed("symlink", fresh);
    }
    if (::rename(fresh.c_str(), link.c_str()) != 0) {
        return failed("rename", link);
    }
    return {};
}

}  // namespace

Result<void> write_volume(const fs::path& directory, const VolumeFiles& files) {
    std::error_code error;
    fs::create_directories(directory, error);
    ::chmod(directory.c_str(), kDirectoryMode);
    const fs::path data = directory / "..data";
    const bool exists = fs::exists(data, error);
    if (exists && current(data) == files) {
        return {};
    }
    const auto now = std::chrono::system_clock::now();
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count() % 1'000'000'000;
    const std::string version = fmt::format("..{:%Y_%m_%d_%H_%M_%S}.{:09}", fmt::gmtime(now), nanos);
    const fs::path old = exists ? fs::read_symlink(data, error) : fs::path{};
    if (::mkdir((directory / version).c_str(), kDirectoryMode) != 0) {
        return failed("mkdir", directory / version);
    }
    for (const auto& [name, bytes] : files) {
        if (!is_file_name(name)) {
            return Error{fmt::format("\"{}\" is not a file name", name)};
        }
        if (auto written = write_file(directory / version / name, bytes); !written) {
            return written;
        }
    }
    if (auto swapped = point(data, version); !swapped) {
        return swapped;
    }
    std::set<std::string> shown;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (const std::string name = entry.path().filename().string(); !name.starts_with("..")) {
            shown.insert(name);
        }
    }
    for (const auto& [name, bytes] : files) {
        if (shown.erase(name) == 0) {
            if (auto linked = point(directory / name, fs::path("..data") / name); !linked) {
                return linked;
            }
        }
    }
    for (const std::string& name : shown) {
        fs::remove(directory / name, error);
    }
    if (!old.empty() && old != version) {
        fs::remove_all(directory / old, error);
    }
    return {};
}

}  // namespace cenote::standalone
