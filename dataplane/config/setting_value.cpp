#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::config {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr double kMaxSeconds = 2147483647.0;

Error not_a(std::string_view kind, std::string_view text) { return {.message = fmt::format("\"{}\" is not {}", text, kind)}; }

}  // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return lower;
}

Result<std::int64_t> parse_integer(std::string_view text) {
    std::string_view digits = text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) {
        digits.remove_prefix(1);
    }
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.starts_with('0')) {
        base = 8;
        digits.remove_prefix(1);
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error == std::errc::result_out_of_range) {
        return Error{.message = fmt::format("{} is out of range", text)};
    }
    // from_chars takes a sign of its own, which may not follow ours.
    if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) {
        return not_a("a number", text);
    }
    return negative ? -value : value;
}

Result<bool> parse_flag(std::string_view text) {
    const std::string lower = to_lower(text);
    if (lower == "on" || lower == "true" || lower == "yes") {
        return true;
    }
    if (lower == "off" || lower == "false" || lower == "no") {
        return false;
    }
    const Result<std::int64_t> number = parse_integer(text);
    if (!number) {
        return not_a("0 or 1", text);
    }
    return *number != 0;
}

Result<Microseconds> parse_seconds(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(seconds)) {
        return not_a("a number of seconds", text);
    }
    if (seconds < 0) {
        return Error{.message = fmt::format("{} is negative", text)};
    }
    if (seconds > kMaxSeconds) {
        return Error{.message = fmt::format("{} is out of range", text)};
    }
    return Microseconds{std::llround(seconds * 1e6)};
}

std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> names;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const std::string_view name = trim(text.substr(0, comma));
        if (!name.empty()) {
            names.emplace_back(name);
        }
        if (comma == std::string_view::npos) {
            break;
        }
        text.remove_prefix(comma + 1);
    }
    return names;
}

std::string seconds_text(Microseconds value) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(value);
    const std::int64_t rest = (value - whole).count();
    if (rest == 0) {
        return fmt::format("{}", whole.count());
    }
    std::string text = fmt::format("{}.{:06}", whole.count(), rest);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

std::string list_text(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ",")); }

}  // namespace cenote::config
