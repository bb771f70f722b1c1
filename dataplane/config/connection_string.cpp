#include "dataplane/config/connection_string.hpp"

#include "dataplane/config/setting_value.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

Error syntax_error(const std::string& what) { return {.message = fmt::format("syntax error in connection string: {}", what)}; }

void skip_space(std::string_view& rest) {
    const auto first = rest.find_first_not_of(kSpace);
    rest.remove_prefix(first == std::string_view::npos ? rest.size() : first);
}

// After the first quote; '' stands for one quote.
Result<std::string> take_quoted(std::string_view& rest, std::string_view name) {
    std::string value;
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c != '\'') {
            value.push_back(c);
        } else if (rest.starts_with('\'')) {
            value.push_back(c);
            rest.remove_prefix(1);
        } else if (!rest.empty() && kSpace.find(rest.front()) == std::string_view::npos) {
            return syntax_error(fmt::format("no space after the closing quote of {}", name));
        } else {
            return value;
        }
    }
    return syntax_error(fmt::format("the quote of {} is not closed", name));
}

}  // namespace

bool is_secret(std::string_view name) { return to_lower(name).find("pass") != std::string::npos; }

Result<std::vector<std::pair<std::string, std::string>>> parse_connection_string(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string_view rest = text;
    // What stands behind an unquoted password with blanks in it is a piece of the password: it is never shown.
    bool behind_secret = false;
    const auto shown = [&](const std::string& name) {
        return behind_secret ? std::string("a word behind a password (one with blanks stands in quotes: password='…')")
                             : fmt::format("\"{}\"", name);
    };
    for (skip_space(rest); !rest.empty(); skip_space(rest)) {
        const auto name_end = rest.find_first_of(" \t\r\n\v\f=");
        const std::string name(rest.substr(0, name_end));
        rest.remove_prefix(name_end == std::string_view::npos ? rest.size() : name_end);
        skip_space(rest);
        if (!rest.starts_with('=')) {
            return syntax_error(fmt::format("expected \"=\" after {}", shown(name)));
        }
        if (name.empty()) {
            return syntax_error("a name is missing before \"=\"");
        }
        rest.remove_prefix(1);
        const std::size_t length_before = rest.size();
        skip_space(rest);
        const bool apart = rest.size() != length_before;
        std::string value;
        const bool was_quoted = rest.starts_with('\'');
        if (was_quoted) {
            rest.remove_prefix(1);
            Result<std::string> quoted = take_quoted(rest, behind_secret ? shown(name) : name);
            if (!quoted) {
                return quoted.error();
            }
            value = std::move(*quoted);
        } else {
            const auto value_end = rest.find_first_of(kSpace);
            value = std::string(rest.substr(0, value_end));
            rest.remove_prefix(value_end == std::string_view::npos ? rest.size() : value_end);
        }
        // In "host= port=5" PgBouncer takes "port=5" for the host; nobody means that.
        const bool is_next_pair = apart && !was_quoted && value.find('=') != std::string::npos;
        if (value.empty() || is_next_pair) {
            return syntax_error(fmt::format("{} has no value", behind_secret ? shown(name) : name));
        }
        behind_secret = behind_secret || is_secret(name);
        pairs.emplace_back(name, std::move(value));
    }
    return pairs;
}

}  // namespace cenote::config
