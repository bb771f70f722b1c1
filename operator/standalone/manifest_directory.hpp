// The files of a manifest directory and when to look at them again: inotify, settled for a moment, with a slow look every few seconds where
// inotify is deaf (network file systems, bind mounts). Used by one thread.
#pragma once

#include "dataplane/base/clock.hpp"
#include "dataplane/base/result.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace cenote::standalone {

class ManifestDirectory {
public:
    [[nodiscard]] static Result<ManifestDirectory> open(const std::filesystem::path& directory);
    ManifestDirectory(ManifestDirectory&& other) noexcept;
    ManifestDirectory& operator=(ManifestDirectory&&) = delete;
    ~ManifestDirectory();

    /// Readable when something happened in the directory: call on_readable().
    [[nodiscard]] int fd() const noexcept { return fd_; }
    void on_readable(TimePoint now);
    /// When read() is due; look_by() makes it so earlier.
    [[nodiscard]] TimePoint due() const noexcept { return due_; }
    void look_by(TimePoint time) noexcept { due_ = std::min(due_, time); }

    /// All *.yaml and *.yml files that are not being written this moment; such a one keeps the text it had. Sets the next due time.
    [[nodiscard]] std::map<std::string, std::string> read(TimePoint now);

private:
    ManifestDirectory(std::filesystem::path directory, int fd);
    void watch();

    std::filesystem::path directory_;
    int fd_ = -1;
    int watch_ = -1;
    TimePoint due_{};
    std::map<std::string, TimePoint> being_written_;  // since when; until closed, or a time limit
    std::map<std::string, std::string> texts_;
};

/// Whether a file of that name is a manifest: editors' hidden, backup and lock files are not.
[[nodiscard]] bool is_manifest_name(std::string_view name);

}  // namespace cenote::standalone
