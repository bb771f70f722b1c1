// userlist.txt: who may log in, and with which secret each user is logged in to the server. PgBouncer's format: "user" "secret", quotes
// doubled inside, lines that do not start with a quote are comments. Pure.
#pragma once

#include "dataplane/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cenote::specs {

struct Userlist {
    std::string text;
    bool has_md5 = false;  // some secret is an MD5 hash, with which SCRAM is impossible

    bool operator==(const Userlist&) const = default;
};

/// The users of `users` (the user's own userlist.txt), if any, and the credentials unless that file has this user already.
[[nodiscard]] Result<Userlist> make_userlist(std::string_view username, std::string_view password, const std::optional<std::string>& users);

}  // namespace cenote::specs
