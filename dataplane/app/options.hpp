// The command line: PgBouncer's, and --set and --check.
#pragma once

#include "dataplane/config/config_loader.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cenote::app {

struct Options {
    std::string config_file;
    std::string user;
    bool daemon = false;
    bool quiet = false;
    int verbose = 0;
    bool check = false;
    std::vector<config::Override> overrides;
};

/// nullopt: nothing is left to do (help, version, or a wrong option, which was said); end with `exit_code`.
[[nodiscard]] std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace cenote::app
