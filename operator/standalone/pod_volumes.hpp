// ConfigMaps and Secrets as files, the way the kubelet lays them out: a directory of symlinks through "..data", which is swapped in one
// rename, so a program that watches its configuration sees a whole new state or the old one. Blocking file calls; one thread. Rule:
// kubernetes/pkg/volume/util/atomic_writer.go.
#pragma once

#include "dataplane/base/result.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace cenote::standalone {

/// File name to bytes.
using VolumeFiles = std::map<std::string, std::string>;

/// Makes `directory` show exactly `files`; does nothing when it does already.
[[nodiscard]] Result<void> write_volume(const std::filesystem::path& directory, const VolumeFiles& files);

}  // namespace cenote::standalone
