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

class Scanner {
public:
    using Pair = std::pair<std::string, std::string>;

    explicit Scanner(std::string_view text) : rest_(text) { skip_space(rest_); }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    Result<Pair> next() {
        const auto name_end = rest_.find_first_of(" \t\r\n\v\f=");
        std::string name(rest_.substr(0, name_end));
        rest_.remove_prefix(name_end == std::string_view::npos ? rest_.size() : name_end);
        skip_space(rest_);
        if (!rest_.starts_with('=')) {
            return syntax_error(fmt::format("expected \"=\" after {}", behind_secret_ ? shown(name) : fmt::format("\"{}\"", name)));
        }
        if (name.empty()) {
            return syntax_error("a name is missing before \"=\"");
        }
        rest_.remove_prefix(1);
        auto value = take_value(name);
        if (!value) {
            return std::move(value).error();
        }
        skip_space(rest_);
        behind_secret_ = behind_secret_ || is_secret(name);
        return Pair{std::move(name), std::move(*value)};
    }

private:
    // What stands behind an unquoted password with blanks in it is a piece of the password: it is never shown.
    [[nodiscard]] std::string shown(const std::string& name) const {
        return behind_secret_ ? "a word behind a password (one with blanks stands in quotes: password='…')" : name;
    }

    Result<std::string> take_value(const std::string& name) {
        const std::size_t length_before = rest_.size();
        skip_space(rest_);
        const bool apart = rest_.size() != length_before;
        if (rest_.starts_with('\'')) {
            rest_.remove_prefix(1);
            auto quoted = take_quoted(name);
            return quoted && quoted->empty() ? syntax_error(fmt::format("{} has no value", shown(name))) : quoted;
        }
        const auto value_end = rest_.find_first_of(kSpace);
        std::string value(rest_.substr(0, value_end));
        rest_.remove_prefix(value.size());
        // In "host= port=5" PgBouncer takes "port=5" for the host; nobody means that.
        const bool is_next_pair = apart && value.find('=') != std::string::npos;
        if (value.empty() || is_next_pair) {
            return syntax_error(fmt::format("{} has no value", shown(name)));
        }
        return value;
    }

    // After the first quote; '' stands for one quote.
    Result<std::string> take_quoted(const std::string& name) {
        std::string value;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c != '\'') {
                value.push_back(c);
            } else if (rest_.starts_with('\'')) {
                value.push_back(c);
                rest_.remove_prefix(1);
            } else if (!rest_.empty() && kSpace.find(rest_.front()) == std::string_view::npos) {
                return syntax_error(fmt::format("no space after the closing quote of {}", shown(name)));
            } else {
                return value;
            }
        }
        return syntax_error(fmt::format("the quote of {} is not closed", shown(name)));
    }

    std::string_view rest_;
    bool behind_secret_ = false;
};

}  // namespace

bool is_secret(std::string_view name) { return to_lower(name).find("pass") != std::string::npos; }

Result<std::vector<std::pair<std::string, std::string>>> parse_connection_string(std::string_view text) {
    std::vector<Scanner::Pair> pairs;
    Scanner scanner(text);
    while (!scanner.at_end()) {
        auto pair = scanner.next();
        if (!pair) {
            return std::move(pair).error();
        }
        pairs.push_back(std::move(*pair));
    }
    return pairs;
}

}  // namespace cenote::config
