// From a path to a checked snapshot. Reads the main file (ini, or YAML by its suffix .yaml/.yml), what it includes, applies the overrides
// and checks the whole. An invalid file is refused whole: the error's message holds every diagnostic, one "file:line: reason" a line.
// Also the place where a running process's SET gets its new snapshot. No threads, no sockets; files come through the injected reader.
#pragma once

#include "dataplane/base/result.hpp"
#include "dataplane/config/config.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {

/// One --set NAME=VALUE, an environment variable, or a console SET. Wins over the file and survives reloads.
struct Override {
    std::string name;
    std::string value;
    std::string origin = "--set";  // what the diagnostic calls it: "--set pool_mode: …"

    bool operator==(const Override&) const = default;
};

using FileReader = std::function<Result<std::string>(const std::string& path)>;

/// Reads a regular file; at most 16 MiB.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

[[nodiscard]] Result<std::shared_ptr<const Config>> load(
    const std::string& path, const std::vector<Override>& overrides = {}, const FileReader& reader = read_file
);

/// As load(), with the text at hand; the operator checks with it what it renders. Relative %include goes by `path`.
[[nodiscard]] Result<std::shared_ptr<const Config>> load_text(
    const std::string& path, std::string_view text, const std::vector<Override>& overrides = {}, const FileReader& reader = read_file
);

/// The console's SET: a copy of `current` with one setting changed. Refuses unknown names, bad values and settings that need a restart.
[[nodiscard]] Result<std::shared_ptr<const Config>> with_setting(const Config& current, std::string_view name, std::string_view value);

}  // namespace cenote::config
