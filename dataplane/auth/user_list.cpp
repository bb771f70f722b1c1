#include "dataplane/auth/user_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cenote::auth {
namespace {

constexpr std::size_t kMd5SecretLength = 35;

bool is_md5_secret(std::string_view text) {
    return text.size() == kMd5SecretLength && text.substr(0, 3) == "md5" &&
           text.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Reads userlist.txt once, front to back, and knows the line it is on.
class Scanner {
public:
    Scanner(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {}

    [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[position_]; }

    void skip_space() {
        while (!at_end() && is_space(peek())) {
            advance();
        }
    }
    void skip_blanks() {
        while (!at_end() && is_space(peek()) && peek() != '\n') {
            advance();
        }
    }
    void skip_line() {
        while (!at_end() && peek() != '\n') {
            advance();
        }
    }

    // The text between quotes, doubled ones made single. A quoted text may span lines, as in PgBouncer.
    Result<std::string> quoted(std::string_view what, std::size_t limit) {
        const int begun_at = line_;
        if (peek() != '"') {
            return error(begun_at, fmt::format("expected a {} in double quotes", what));
        }
        advance();
        std::string out;
        for (;;) {
            if (at_end()) {
                return error(begun_at, fmt::format("the {} has no closing quote", what));
            }
            const char c = peek();
            advance();
            if (c == '\0') {
                return error(begun_at, fmt::format("the {} contains a zero byte", what));
            }
            if (c == '"') {
                if (peek() != '"') {
                    return out;
                }
                advance();
            }
            if (out.size() == limit) {
                return error(begun_at, fmt::format("the {} is longer than {} bytes", what, limit));
            }
            out += c;
        }
    }

private:
    void advance() {
        line_ += peek() == '\n' ? 1 : 0;
        ++position_;
    }
    [[nodiscard]] Error error(int line, std::string_view reason) const { return Error{fmt::format("{}:{}: {}", file_name_, line, reason)}; }

    std::string_view text_;
    std::string_view file_name_;
    std::size_t position_ = 0;
    int line_ = 1;
};

}  // namespace

Secret Secret::parse(std::string text) {
    Secret secret;
    if (text.empty()) {
        return secret;
    }
    secret.text = std::move(text);
    if (is_md5_secret(secret.text)) {
        secret.kind = Kind::kMd5;
    } else if (auto verifier = parse_verifier(secret.text)) {
        secret.kind = Kind::kScram;
        secret.verifier = std::move(*verifier);
    } else {
        secret.kind = Kind::kPlain;
    }
    return secret;
}

UserEntryRef make_user_entry(std::string name, std::string secret) {
    return std::make_shared<const UserEntry>(UserEntry{std::move(name), Secret::parse(std::move(secret))});
}

Result<UserList> UserList::parse(std::string_view text, std::string_view file_name) {
    UserList list;
    Scanner scanner(text, file_name);
    for (scanner.skip_space(); !scanner.at_end(); scanner.skip_space()) {
        if (scanner.peek() == ';') {
            scanner.skip_line();
            continue;
        }
        auto name = scanner.quoted("user name", kMaxUserName);
        if (!name) {
            return std::move(name).error();
        }
        scanner.skip_blanks();
        auto secret = scanner.quoted("password", kMaxPassword);
        if (!secret) {
            return std::move(secret).error();
        }
        scanner.skip_line();
        list.add(make_user_entry(std::move(*name), std::move(*secret)));
    }
    return list;
}

void UserList::adopt_caches(const UserList& old) {
    for (UserEntryRef& entry : entries_) {
        const UserEntryRef before = old.find(entry->name);
        if (before && before->secret == entry->secret) {
            add(before);  // the same user with the same secret: the old entry serves on, with what it learned
        }
    }
}

void UserList::add(UserEntryRef entry) {
    const auto found = index_.find(entry->name);
    if (found == index_.end()) {
        index_.emplace(entry->name, entries_.size());
        entries_.push_back(std::move(entry));
        return;
    }
    const std::size_t at = found->second;
    index_.erase(found);  // its key is the old entry's own name, which may die with it
    index_.emplace(entry->name, at);
    entries_[at] = std::move(entry);
}

UserEntryRef UserList::find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : entries_[found->second];
}

}  // namespace cenote::auth
