// Reads a small file whole, as certificates and tokens need.
#pragma once

#include "dataplane/base/result.hpp"

#include <string>

namespace cenote::kube {

/// At most 16 MiB; "path: reason" on error.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

}  // namespace cenote::kube
