// The simple commands of a `sh -c` script, with quotes, variables and ${NAME:-default} resolved: as much of POSIX sh as start commands use.
// What only running it could tell (command substitution, arithmetic, …) becomes a mark; conditions, loops and functions are reported as
// `branches`, since which of their commands run is not known. Pure; never fails: what it cannot read ends up as a mark.
#pragma once

#include "operator/sizing/container_environment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cenote::sizing {

struct ShellCommand {
    std::vector<std::string> words;                                // may hold marks
    std::vector<std::pair<std::string, std::string>> assignments;  // NAME=value before the command, for it alone
    ContainerEnvironment environment;                              // as it is when the command starts, its own assignments included
    bool in_background = false;                                    // ended by & or |
    bool conditional = false;                                      // in a branch, or behind ||
};

/// positional: the words after the script in `sh -c SCRIPT NAME ARG…`, for $0, $1, "$@".
[[nodiscard]] std::vector<ShellCommand> read_shell_script(
    std::string_view script, const std::vector<std::string>& positional, const ContainerEnvironment& environment, Unknowns& unknowns
);

/// Python's shlex.split: quotes and backslashes, no variables.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);

}  // namespace cenote::sizing
