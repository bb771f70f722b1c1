#include "operator/controller/prerequisites.hpp"

#include "operator/api/labels.hpp"
#include "operator/api/validation.hpp"

#include <fmt/format.h>

namespace cenote::controller {
namespace {

using Check = std::optional<Finding> (*)(const Observed&);

std::optional<Finding> spec_can_be_read(const Observed& observed) {
    if (observed.spec_error.empty()) {
        return std::nullopt;
    }
    return Finding{"InvalidSpec", observed.spec_error};
}

std::optional<Finding> spec_makes_sense(const Observed& observed) {
    const auto problems = api::validate(observed.pool.spec);
    if (problems.empty()) {
        return std::nullopt;
    }
    return Finding{"InvalidSpec", api::describe(problems)};
}

std::optional<Finding> secret_has(const SecretRef& secret, std::string_view field, std::initializer_list<std::string_view> keys) {
    if (secret.name.empty()) {
        return std::nullopt;
    }
    if (!secret.data) {
        return Finding{"SecretMissing", fmt::format("Secret \"{}\" ({}) does not exist yet", secret.name, field)};
    }
    for (const std::string_view key : keys) {
        if (!secret.data->contains(std::string(key))) {
            return Finding{"SecretIncomplete", fmt::format("Secret \"{}\" ({}) has no key \"{}\"", secret.name, field, key)};
        }
    }
    return std::nullopt;
}

std::optional<Finding> credentials_are_there(const Observed& observed) {
    constexpr std::string_view kField = "spec.database.credentialsSecretRef";
    if (auto missing = secret_has(observed.credentials, kField, {})) {
        return missing;
    }
    const api::DatabaseRef& database = observed.pool.spec.database;
    for (const auto& [usual, key] :
         {std::pair(api::kUsernameKey, database.username_key), std::pair(api::kPasswordKey, database.password_key)}) {
        if (!observed.credentials.data->contains(std::string(usual))) {
            return Finding{
                "SecretIncomplete", fmt::format(
                                        "Secret \"{}\" ({}) has no key \"{}\"; add it, or name the one it has by {}Key",
                                        observed.credentials.name, kField, key, usual
                                    )
            };
        }
    }
    return std::nullopt;
}

std::optional<Finding> users_are_there(const Observed& observed) {
    return secret_has(observed.users, "spec.auth.usersSecretRef", {api::kUserlistKey});
}

constexpr Check kChain[] = {spec_can_be_read, spec_makes_sense, credentials_are_there, users_are_there};

}  // namespace

std::optional<Finding> first_finding(const Observed& observed) {
    for (const Check check : kChain) {
        if (auto finding = check(observed)) {
            return finding;
        }
    }
    return std::nullopt;
}

}  // namespace cenote::controller
