#include "dataplane/app/runtime_loader.hpp"

#include "dataplane/config/content_hash.hpp"

#include <fmt/format.h>

namespace cenote::app {
Result<Loaded> load_runtime(const std::string& path, const std::vector<config::Override>& overrides, const registry::Runtime* before) {
    // Read once: what is hashed is what is parsed, though the file may change meanwhile.
    std::string main_text;
    std::string all_texts;
    const auto reader = [&](const std::string& file) {
        auto text = config::read_file(file);
        if (text) {
            all_texts += fmt::format("{}\n{}\n{}", file, text->size(), *text);
            if (file == path) {
                main_text = *text;
            }
        }
        return text;
    };
    auto config = config::load(path, overrides, reader);
    if (!config) {
        return std::move(config).error();
    }
    auth::UserList users;
    std::string auth_hash;
    if (const auto& file = (*config)->auth_file; !file.empty()) {
        auto text = config::read_file(file);
        if (!text) {
            return with_context("auth_file", std::move(text).error());
        }
        auto parsed = auth::UserList::parse(*text, file);
        if (!parsed) {
            return std::move(parsed).error();
        }
        users = std::move(*parsed);
        auth_hash = config::sha256_hex(*text);
    }
    if (before != nullptr) {
        users.adopt_caches(*before->users);
    }
    // Read at the start only: every client's and server's set is laid out by it.
    auto tracked = before != nullptr ? before->tracked : session::TrackedNames((*config)->track_extra_parameters);
    auto runtime = std::make_shared<const registry::Runtime>(registry::Runtime{
        *config, std::make_shared<const auth::UserList>(std::move(users)), std::move(tracked), config::sha256_hex(main_text),
        std::move(auth_hash)
    });
    return Loaded{std::move(runtime), config::sha256_hex(all_texts)};
}

std::shared_ptr<const registry::Runtime> with_config(const registry::Runtime& before, std::shared_ptr<const config::Config> config) {
    auto runtime = std::make_shared<registry::Runtime>(before);
    runtime->config = std::move(config);
    return runtime;
}

}  // namespace cenote::app
