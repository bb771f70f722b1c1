// Files to a Runtime: configuration, auth_file and their hashes. Refused whole with place and reason.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config_loader.hpp"
#include "dataplane/registry/runtime.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cenote::app {

struct Loaded {
    std::shared_ptr<const registry::Runtime> runtime;
    std::string files_hash;  // of the bytes of all configuration files (auth_file is not one): equal means that nobody edited them
};

/// before: the running one, whose learned keys are kept; null at start.
[[nodiscard]] Result<Loaded> load_runtime(
    const std::string& path, const std::vector<config::Override>& overrides, const registry::Runtime* before
);

/// The same with another configuration (the console's SET): users and hashes stay.
[[nodiscard]] std::shared_ptr<const registry::Runtime> with_config(
    const registry::Runtime& before, std::shared_ptr<const config::Config> config
);

}  // namespace cenote::app
