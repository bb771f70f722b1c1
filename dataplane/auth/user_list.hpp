// The users of auth_file (userlist.txt) and their secrets: an immutable snapshot, shared by all threads as shared_ptr<const UserList>.
// PgBouncer's format: a line is `"user" "secret"`, a doubled quote stands for a quote, what follows is ignored; `;` starts a comment line.
#pragma once

#include "dataplane/auth/key_cache.hpp"
#include "dataplane/auth/scram.hpp"
#include "dataplane/base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cenote::auth {

/// PgBouncer's MAX_USERNAME less its NUL, and the longest password a client can send us.
inline constexpr std::size_t kMaxUserName = 127;
inline constexpr std::size_t kMaxPassword = 65536;

/// What proves a user. Its kind is told from its text as PostgreSQL and PgBouncer tell it.
struct Secret {
    enum class Kind { kNone, kPlain, kMd5, kScram };

    Kind kind = Kind::kNone;  // kNone: empty; such a user can neither log in with a password nor be logged in to a server with one
    std::string text;
    ScramVerifier verifier;  // of kScram

    [[nodiscard]] static Secret parse(std::string text);
    bool operator==(const Secret&) const = default;
};

/// One user. Const and shared; only the cache inside changes, guarded by its own mutex.
struct UserEntry {
    std::string name;
    Secret secret;
    std::unique_ptr<KeyCache> cache = std::make_unique<KeyCache>();
};
using UserEntryRef = std::shared_ptr<const UserEntry>;  // holds the entry, not the list: a login outlives a reload

/// An entry from elsewhere than auth_file: the password= of a [databases] line, a row of auth_query.
[[nodiscard]] UserEntryRef make_user_entry(std::string name, std::string secret);

class UserList {
public:
    UserList() = default;

    /// An error says "file_name:line: reason". The last of two lines with one name wins, as in PgBouncer.
    [[nodiscard]] static Result<UserList> parse(std::string_view text, std::string_view file_name);

    /// Takes over the old entries of users whose secret is the same in both, with what they learned. Call before the list is shared.
    void adopt_caches(const UserList& old);
    /// For a user of the console or the operator's own: replaces one of the same name. Call before the list is shared.
    void add(UserEntryRef entry);

    [[nodiscard]] UserEntryRef find(std::string_view name) const;  // null: no such user
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] const std::vector<UserEntryRef>& entries() const { return entries_; }  // in the file's order

private:
    std::vector<UserEntryRef> entries_;
    std::unordered_map<std::string_view, std::size_t> index_;  // keys are the entries' own names
};

}  // namespace cenote::auth
