#include "dataplane/config/config_loader.hpp"

#include "dataplane/config/config_builder.hpp"
#include "dataplane/config/diagnostics.hpp"
#include "dataplane/config/document.hpp"
#include "dataplane/config/ini_parser.hpp"
#include "dataplane/config/setting.hpp"
#include "dataplane/config/yaml_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {
namespace {

constexpr std::size_t kMaxFileSize = 16U << 20U;

bool is_yaml(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

}  // namespace

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return Error{.message = fmt::format("{}: {}", path, std::strerror(errno)), .sqlstate = sqlstate::kConfigFileError};
    }
    std::string text(4096, '\0');
    std::size_t length = 0;
    while (file.read(text.data() + length, static_cast<std::streamsize>(text.size() - length)) || file.gcount() > 0) {
        length += static_cast<std::size_t>(file.gcount());
        if (length > kMaxFileSize) {
            return Error{.message = fmt::format("{}: larger than {} bytes", path, kMaxFileSize), .sqlstate = sqlstate::kConfigFileError};
        }
        text.resize(std::max(text.size(), length * 2));
    }
    if (file.bad()) {  // a directory opens, but does not read
        return Error{.message = fmt::format("{}: cannot be read", path), .sqlstate = sqlstate::kConfigFileError};
    }
    text.resize(length);
    return text;
}

Result<std::shared_ptr<const Config>> load(const std::string& path, const std::vector<Override>& overrides, const FileReader& reader) {
    const Result<std::string> text = reader(path);
    if (!text) {
        return text.error();
    }
    return load_text(path, *text, overrides, reader);
}

Result<std::shared_ptr<const Config>> load_text(
    const std::string& path, std::string_view text, const std::vector<Override>& overrides, const FileReader& reader
) {
    Document document;
    Diagnostics diagnostics;
    if (is_yaml(path)) {
        parse_yaml(path, text, document, diagnostics);
    } else {
        parse_ini(path, text, reader, document, diagnostics);
    }
    Config config = build_config(path, document, overrides, diagnostics);
    if (!diagnostics.ok()) {
        return diagnostics.summary();
    }
    return std::make_shared<const Config>(std::move(config));
}

Result<std::shared_ptr<const Config>> with_setting(const Config& current, std::string_view name, std::string_view value) {
    const Setting* setting = find_setting(Scope::kGlobal, name);
    if (setting == nullptr) {
        return Error{.message = unknown_setting(Scope::kGlobal, name)};
    }
    if (!setting->reloadable) {
        return Error{.message = fmt::format("{} cannot be changed while running", setting->name)};
    }
    auto changed = std::make_shared<Config>(current);
    if (const Result<void> assigned = assign_setting(*setting, *changed, value); !assigned) {
        return assigned.error();
    }
    return std::shared_ptr<const Config>(std::move(changed));
}

}  // namespace cenote::config
