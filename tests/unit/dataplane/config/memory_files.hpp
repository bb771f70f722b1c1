// Configuration files in memory, so that the tests of the loader touch no disk.
#pragma once

#include "dataplane/config/config_loader.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cenote::config::test {

inline FileReader files(std::map<std::string, std::string> texts) {
    return [texts = std::move(texts)](const std::string& path) -> Result<std::string> {
        const auto found = texts.find(path);
        if (found == texts.end()) {
            return Error{.message = path + ": No such file or directory"};
        }
        return found->second;
    };
}

/// The message of the error, or "accepted".
inline std::string refusal(const std::string& path, const std::string& text, const std::vector<Override>& overrides = {}) {
    const auto loaded = load_text(path, text, overrides, files({}));
    return loaded ? "accepted" : loaded.error().message;
}

}  // namespace cenote::config::test
