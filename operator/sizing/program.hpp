// From a container's command line to the program that really runs: through init processes, `sh -c`, `python -m`, `bundle exec` and the
// like. Pure.
#pragma once

#include "operator/sizing/servers/server.hpp"

#include <string>
#include <vector>

namespace cenote::sizing {

struct Program {
    std::string name;  // base name, or the module of `python -m`
    std::vector<Word> arguments;
    ContainerEnvironment environment;
    bool in_background = false;
    bool conditional = false;  // which of the script's commands run is not known
};

/// The programs that a command line starts: one, or several for a shell script.
[[nodiscard]] std::vector<Program> resolve_programs(std::vector<Word> words, ContainerEnvironment environment, Unknowns& unknowns);

}  // namespace cenote::sizing
