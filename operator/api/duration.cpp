#include "operator/api/duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace cenote::api {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr std::int64_t kYear = std::int64_t{366} * 24 * 3600 * 1000;
    const Error bad{fmt::format("\"{}\" is not a duration, such as 60s or 1m30s", text)};
    std::int64_t sum = 0;
    std::string_view rest = text;
    if (rest.empty()) {
        return bad;
    }
    while (!rest.empty()) {
        std::int64_t amount = 0;
        const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
        if (problem != std::errc{} || amount < 0 || rest.front() == '-') {
            return bad;
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        std::int64_t unit = 0;
        if (rest.starts_with("ms")) {
            unit = 1;
            rest.remove_prefix(1);
        } else if (rest.starts_with('h')) {
            unit = 3'600'000;
        } else if (rest.starts_with('m')) {
            unit = 60'000;
        } else if (rest.starts_with('s')) {
            unit = 1'000;
        } else {
            return bad;
        }
        rest.remove_prefix(1);
        if (amount > (kYear - sum) / unit) {
            return Error{fmt::format("\"{}\" is longer than a year", text)};
        }
        sum += amount * unit;
    }
    return std::chrono::milliseconds{sum};
}

std::string write_duration(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    return count % 1000 == 0 ? fmt::format("{}s", count / 1000) : fmt::format("{}ms", count);
}

}  // namespace cenote::api
