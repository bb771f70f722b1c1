// Pools that an application's library keeps, where the environment tells their size: Prisma's connection_limit in DATABASE_URL, and
// Spring's setting of HikariCP. One process with so many connections counts as one worker with so many threads.
#include "operator/sizing/servers/server.hpp"

#include <fmt/format.h>

#include <array>

namespace cenote::sizing {
namespace {

constexpr std::array<std::string_view, 2> kHikari{"SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", "SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE"};
constexpr std::string_view kLimit = "connection_limit=";

std::optional<ServerSize> one_process(const std::string& text, const std::string& shown, const Unknowns& unknowns) {
    return ServerSize{known(1, shown), to_number(text, shown, unknowns)};
}

}  // namespace

std::optional<ServerSize> size_from_environment(const ContainerEnvironment& environment, const Unknowns& unknowns) {
    for (const std::string_view name : kHikari) {
        if (const EnvironmentValue* value = environment.find(name)) {
            return one_process(value->text, value->source, unknowns);
        }
    }
    const EnvironmentValue* url = environment.find("DATABASE_URL");
    if (url == nullptr) {
        return std::nullopt;
    }
    const std::size_t query = url->text.find('?');
    const std::size_t limit = query == std::string::npos ? query : url->text.find(kLimit, query);
    if (limit == std::string::npos || (url->text[limit - 1] != '?' && url->text[limit - 1] != '&')) {
        return std::nullopt;
    }
    const std::string text = url->text.substr(limit + kLimit.size(), url->text.find('&', limit) - limit - kLimit.size());
    // The address may hold a password: only its parameter is shown.
    return one_process(text, fmt::format("{} {}{}", url->source, kLimit, Unknowns::has_mark(text) ? "…" : text), unknowns);
}

}  // namespace cenote::sizing
