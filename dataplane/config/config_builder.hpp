// Document -> Config: looks every name up in the settings table, checks every value, then checks what only the whole can show.
#pragma once

#include "dataplane/config/config.hpp"
#include "dataplane/config/config_loader.hpp"
#include "dataplane/config/diagnostics.hpp"
#include "dataplane/config/document.hpp"

#include <string>
#include <vector>

namespace cenote::config {

/// The result is of use only if diagnostics.ok() afterwards.
[[nodiscard]] Config build_config(
    const std::string& path, const Document& document, const std::vector<Override>& overrides, Diagnostics& diagnostics
);

}  // namespace cenote::config
