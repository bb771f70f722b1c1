#include "operator/api/labels.hpp"

#include <fmt/format.h>

namespace cenote::api {

std::map<std::string, std::string> selector_labels(std::string_view pool) {
    return {{std::string{kNameLabel}, std::string{kNameValue}}, {std::string{kInstanceLabel}, std::string{pool}}};
}

std::map<std::string, std::string> child_labels(std::string_view pool) {
    auto labels = selector_labels(pool);
    labels.emplace(kManagedByLabel, kManagedByValue);
    return labels;
}

std::string selector_text(std::string_view pool) {
    std::string text;
    for (const auto& [key, value] : selector_labels(pool)) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
    }
    return text;
}

std::string userlist_secret_name(std::string_view pool) { return fmt::format("{}-users", pool); }

}  // namespace cenote::api
