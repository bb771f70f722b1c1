// What standalone mode tells people in files: one status file a ConnectionPool, the manifests' problems, and a log of Events.
//   <state>/status/<namespace>.<name>.yaml   <state>/status/manifest-problems.yaml (only while there are any)   <state>/events.log
// Files are replaced in one step, and only when their content changes. One thread, but for log_event.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/standalone/manifest_set.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace cenote::standalone {

class StatusFiles {
public:
    explicit StatusFiles(std::filesystem::path state_dir);

    void write(kube::Cluster& cluster, const ManifestSet& manifests);
    /// Appends to events.log and to the program's log. Any thread.
    void log_event(const kube::EventRecord& event);

private:
    void put(const std::string& file, const std::string& text);

    std::filesystem::path state_dir_;
    std::map<std::string, std::string> written_;
    std::mutex events_;
};

}  // namespace cenote::standalone
