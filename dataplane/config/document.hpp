// A configuration file as it is written, before the names and values are looked at: what both parsers make and config_builder reads.
#pragma once

#include "dataplane/config/diagnostics.hpp"
#include "dataplane/config/setting.hpp"

#include <string>
#include <vector>

namespace cenote::config {

struct Parameter {
    std::string name;
    std::string value;
    Location where;
};

/// A line of [databases], [users] or [peers].
struct Line {
    Scope scope = Scope::kDatabase;
    std::string name;
    std::vector<Parameter> parameters;
    Location where;
};

struct Document {
    std::vector<Parameter> settings;  // of [pgbouncer], in the order of the file: the last of a name wins
    std::vector<Line> lines;          // likewise
    std::vector<std::string> files;   // everything that was read, the main file first
};

}  // namespace cenote::config
