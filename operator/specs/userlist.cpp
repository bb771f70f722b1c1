#include "operator/specs/userlist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cenote::specs {
namespace {

/// PgBouncer's longest line of a user and a secret is about this; the ConfigMap and Secret limit is 1 MiB.
constexpr std::size_t kMostBytes = 512U * 1024U;

/// The text between the quotes at the start of `line`, which moves behind them.
std::optional<std::string> take_quoted(std::string_view& line) {
    if (!line.starts_with('"')) {
        return std::nullopt;
    }
    std::string value;
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] != '"') {
            value += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
            value += '"';
            ++i;
        } else {
            line.remove_prefix(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

bool is_md5(std::string_view secret) {
    return secret.size() == 35 && secret.starts_with("md5") &&
           std::all_of(secret.begin() + 3, secret.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        out.append(c == '"' ? 2U : 1U, c);
    }
    return out + '"';
}

bool fits_a_line(std::string_view text) { return text.find_first_of(std::string_view{"\n\r\0", 3}) == std::string_view::npos; }

}  // namespace

Result<Userlist> make_userlist(std::string_view username, std::string_view password, const std::optional<std::string>& users) {
    if (username.empty()) {
        return Error{"database.credentialsSecretRef: the Secret's key username is empty"};
    }
    if (!fits_a_line(username) || !fits_a_line(password)) {
        return Error{"database.credentialsSecretRef: username and password must not contain line breaks"};
    }
    Userlist result;
    std::set<std::string> seen;
    if (users) {
        if (users->size() > kMostBytes || users->find('\0') != std::string::npos) {
            return Error{"auth.usersSecretRef: userlist.txt is larger than 512 KiB or not a text"};
        }
        int number = 0;
        for (std::string_view rest = *users; !rest.empty();) {
            ++number;
            const std::size_t end = rest.find('\n');
            std::string_view line = rest.substr(0, end);
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
            if (!line.starts_with('"')) {
                continue;
            }
            const auto name = take_quoted(line);
            line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
            const auto secret = take_quoted(line);
            if (!name || name->empty() || !secret) {
                return Error{fmt::format("auth.usersSecretRef: userlist.txt line {} is not of the form \"user\" \"secret\"", number)};
            }
            seen.insert(*name);
            result.has_md5 = result.has_md5 || is_md5(*secret);
        }
        if (seen.empty()) {
            return Error{"auth.usersSecretRef: userlist.txt lists no user"};
        }
        result.text = *users;
        if (!result.text.ends_with('\n')) {
            result.text += '\n';
        }
    }
    if (!seen.contains(std::string{username})) {
        result.text += fmt::format("{} {}\n", quoted(username), quoted(password));
    }
    return result;
}

}  // namespace cenote::specs
