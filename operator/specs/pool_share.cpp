#include "operator/specs/pool_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cenote::specs {
namespace {

constexpr std::string_view kName = "max_db_connections = ";

}  // namespace

std::string share_text(const api::Spec& spec, std::int64_t share) {
    const std::int64_t count = std::max<std::int64_t>(share, 1);  // 0 would mean "no limit" to the data plane
    // Each user may use all of it: how many names are in userlist.txt says nothing about who uses the pool.
    std::string text = fmt::format("{}{}\ndefault_pool_size = {}\n", kName, count, count);
    if (spec.database.name.empty()) {
        // max_db_connections counts each database apart; the one server user has them all.
        text += fmt::format("max_user_connections = {}\n", count);
    }
    return text;
}

std::int64_t share_in(std::string_view text) {
    const auto at = text.find(kName);
    std::int64_t value = 0;
    if (at == std::string_view::npos ||
        std::from_chars(text.data() + at + kName.size(), text.data() + text.size(), value).ec != std::errc{}) {
        return 0;
    }
    return value;
}

}  // namespace cenote::specs
