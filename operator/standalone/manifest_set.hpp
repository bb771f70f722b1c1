// Which objects the manifests in a directory stand for, over time: edits, editors' rename dances, half-written and broken files. Pure; the
// time comes in. A file that cannot be read well keeps the objects it last gave; what is gone is gone for good only after a while.
#pragma once

#include "dataplane/base/clock.hpp"
#include "operator/standalone/manifest_reader.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cenote::standalone {

/// An editor removes and writes anew within this time.
inline constexpr Duration kGoneForGood = std::chrono::milliseconds(500);

struct ObjectKey {
    std::string kind;
    kube::ObjectName name;
    auto operator<=>(const ObjectKey&) const = default;
};

class ManifestSet {
public:
    struct Changes {
        std::vector<Manifest> changed;  // new or different
        std::vector<Manifest> removed;
        std::vector<ManifestProblem> new_problems;  // not reported before
        std::vector<ManifestProblem> solved;
        std::optional<TimePoint> look_again;  // when something that vanished becomes gone for good
    };

    /// `files`: the whole directory's contents by file name.
    [[nodiscard]] Changes look(const std::map<std::string, std::string>& files, TimePoint now);

    [[nodiscard]] const std::vector<ManifestProblem>& problems() const noexcept { return problems_; }
    /// The problems of the file an object came from, and where it stands there.
    [[nodiscard]] const Manifest* find(const ObjectKey& key) const;
    /// Objects that stay only because their file has a problem.
    [[nodiscard]] std::vector<Manifest> objects_of(const std::string& file) const;

private:
    struct File {
        std::string text;
        std::vector<Manifest> good;
        std::vector<ManifestProblem> problems;
    };
    struct Object {
        Manifest manifest;
        std::optional<TimePoint> vanished;
    };

    void read_files(const std::map<std::string, std::string>& files);
    std::map<ObjectKey, Manifest> wanted(std::vector<ManifestProblem>& problems) const;

    std::map<std::string, File> files_;
    std::map<ObjectKey, Object> objects_;
    std::vector<ManifestProblem> problems_;
};

}  // namespace cenote::standalone
