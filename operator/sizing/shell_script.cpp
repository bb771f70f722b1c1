#include "operator/sizing/shell_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace cenote::sizing {
namespace {

bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool ends_command(char c) { return c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')'; }

constexpr std::array<std::string_view, 15> kBranchWords{"if", "then", "else", "elif", "fi", "for", "while",   "until",
                                                        "do", "done", "case", "esac", "{",  "}",   "function"};

/// One word under construction. Unquoted expansions split at blanks, quoted ones do not.
class WordBuilder {
public:
    void add(std::string_view text) {
        word_ += text;
        open_ = true;
    }
    void open() { open_ = true; }
    void add_split(std::string_view text) {
        for (const char c : text) {
            if (is_blank(c) || c == '\n') {
                close();
            } else {
                word_ += c;
                open_ = true;
            }
        }
    }
    void close() {
        if (open_) {
            words.push_back(std::move(word_));
            word_.clear();
            open_ = false;
        }
    }
    [[nodiscard]] const std::string& current() const { return word_; }
    [[nodiscard]] bool is_open() const { return open_; }

    std::vector<std::string> words;

private:
    std::string word_;
    bool open_ = false;
};

class ShellReader {
public:
    ShellReader(
        std::string_view script, const std::vector<std::string>& positional, const ContainerEnvironment& environment, Unknowns& unknowns
    )
        : text_(script), positional_(positional), environment_(environment), unknowns_(unknowns) {}

    std::vector<ShellCommand> read() {
        while (position_ < text_.size()) {
            read_command();
        }
        return std::move(commands_);
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }

    void read_command() {
        WordBuilder builder;
        while (position_ < text_.size() && !ends_command(peek())) {
            read_piece(builder);
        }
        builder.close();
        const bool background = (peek() == '&' && peek(1) != '&') || (peek() == '|' && peek(1) != '|');
        const bool otherwise = peek() == '|' && peek(1) == '|';
        const bool group = peek() == '(' || peek() == ')';
        const bool and_then = peek() == '&' && peek(1) == '&';
        position_ += and_then || otherwise || (peek() == ';' && peek(1) == ';') ? 2U : 1U;
        const bool is_test = !builder.words.empty() && (builder.words[0] == "[" || builder.words[0] == "[[" || builder.words[0] == "test");
        finish(std::move(builder.words), background);
        branches_ = branches_ || group;
        behind_condition_ = otherwise || (and_then && is_test);
    }

    void read_piece(WordBuilder& builder) {
        const char c = peek();
        if (is_blank(c)) {
            builder.close();
            ++position_;
        } else if (c == '#' && !builder.is_open()) {
            position_ = std::min(text_.find('\n', position_), text_.size());
        } else if (c == '\\') {
            if (peek(1) != '\n') {
                builder.add(text_.substr(std::min(position_ + 1, text_.size()), 1));
            }
            position_ = std::min(position_ + 2, text_.size());
        } else if (c == '\'') {
            const std::size_t end = std::min(text_.find('\'', position_ + 1), text_.size());
            builder.add(text_.substr(position_ + 1, end - position_ - 1));
            position_ = std::min(end + 1, text_.size());
        } else if (c == '"') {
            read_double_quoted(builder);
        } else if (c == '<' || c == '>') {
            skip_redirection(builder);
        } else if (c == '$' || c == '`') {
            read_expansion(builder, false);
        } else {
            builder.add(text_.substr(position_++, 1));
        }
    }

    void read_double_quoted(WordBuilder& builder) {
        builder.open();
        ++position_;
        while (position_ < text_.size() && peek() != '"') {
            if (peek() == '\\' && std::string_view{"\\\"$`\n"}.find(peek(1)) != std::string_view::npos && position_ + 1 < text_.size()) {
                if (peek(1) != '\n') {
                    builder.add(text_.substr(position_ + 1, 1));
                }
                position_ += 2;
            } else if (peek() == '$' || peek() == '`') {
                read_expansion(builder, true);
            } else {
                builder.add(text_.substr(position_++, 1));
            }
        }
        position_ = std::min(position_ + 1, text_.size());
    }

    /// "2>&1", ">file", "<file"; what stands before as a number belongs to it. A here-document is beyond us.
    void skip_redirection(WordBuilder& builder) {
        const std::string& before = builder.current();
        if (builder.is_open() && std::all_of(before.begin(), before.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            builder = without_current(builder);
        }
        builder.close();
        branches_ = branches_ || (peek() == '<' && peek(1) == '<');
        while (peek() == '<' || peek() == '>' || peek() == '&') {
            ++position_;
        }
        while (is_blank(peek())) {
            ++position_;
        }
        WordBuilder target;
        while (position_ < text_.size() && !ends_command(peek()) && !is_blank(peek()) && peek() != '<' && peek() != '>') {
            read_piece(target);
        }
    }

    static WordBuilder without_current(const WordBuilder& builder) {
        WordBuilder result;
        result.words = builder.words;
        return result;
    }

    void put(WordBuilder& builder, std::string_view text, bool quoted) {
        if (quoted || Unknowns::has_mark(text)) {
            builder.add(text);
        } else {
            builder.add_split(text);
        }
    }

    void read_expansion(WordBuilder& builder, bool quoted) {
        const std::size_t begin = position_;
        const auto unknown = [&](std::size_t end) {
            position_ = std::min(end, text_.size());
            builder.add(unknowns_.mark(
                fmt::format("{} is only known in the container", Unknowns::without_marks(text_.substr(begin, position_ - begin)))
            ));
        };
        if (peek() == '`') {
            return unknown(std::min(text_.find('`', position_ + 1), text_.size() - 1) + 1);
        }
        if (peek(1) == '(') {
            return unknown(end_of_parentheses(position_ + 1));
        }
        if (peek(1) == '{') {
            return read_braces(builder, quoted, unknown);
        }
        ++position_;
        if (peek() == '@' || peek() == '*') {
            ++position_;
            for (std::size_t i = 1; i < positional_.size(); ++i) {
                if (i > 1) {
                    builder.close();
                }
                put(builder, positional_[i], quoted);
            }
        } else if (peek() >= '0' && peek() <= '9') {
            const auto index = static_cast<std::size_t>(peek() - '0');
            ++position_;
            put(builder, index < positional_.size() ? positional_[index] : "", quoted);
        } else if (is_name_start(peek())) {
            const std::size_t name_begin = position_;
            while (is_name(peek())) {
                ++position_;
            }
            put(builder, value_of(text_.substr(name_begin, position_ - name_begin)).value_or(""), quoted);
        } else {
            builder.add("$");
        }
    }

    /// ${NAME}, ${NAME:-word}, ${NAME-word}, ${NAME:=word}, ${NAME:+word}, ${NAME:?word}.
    template <class Unknown>
    void read_braces(WordBuilder& builder, bool quoted, const Unknown& unknown) {
        const std::size_t end = end_of_braces(position_ + 1);
        if (end > text_.size()) {
            return unknown(end);
        }
        std::string_view inner = text_.substr(position_ + 2, end - position_ - 3);
        const std::size_t name_length = static_cast<std::size_t>(std::find_if_not(inner.begin(), inner.end(), is_name) - inner.begin());
        const std::string_view name = inner.substr(0, name_length);
        inner.remove_prefix(name_length);
        const bool or_empty = inner.starts_with(':');
        if (or_empty) {
            inner.remove_prefix(1);
        }
        const char operation = inner.empty() ? '\0' : inner.front();
        if (name.empty() || !is_name_start(name.front()) || (inner.empty() && or_empty) ||
            std::string_view{"\0-=+?", 5}.find(operation) == std::string_view::npos) {
            return unknown(end);
        }
        position_ = end;
        const std::optional<std::string> value = value_of(name);
        const bool set = value && !(or_empty && value->empty());
        if (operation == '+' ? !set : set || operation == '\0' || operation == '?') {
            return put(builder, operation == '+' ? "" : value.value_or(""), quoted);
        }
        inner.remove_prefix(1);
        for (const ShellCommand& command : read_nested(inner)) {
            for (std::size_t i = 0; i < command.words.size(); ++i) {
                put(builder, (i > 0 ? " " : "") + command.words[i], quoted);
            }
        }
    }

    std::vector<ShellCommand> read_nested(std::string_view text) {
        if (++depth_ > 8) {
            return {};
        }
        ShellReader nested{text, positional_, environment_, unknowns_};
        nested.depth_ = depth_;
        auto commands = nested.read();
        --depth_;
        return commands;
    }

    std::optional<std::string> value_of(std::string_view name) {
        if (const EnvironmentValue* value = environment_.find(name)) {
            return value->text;
        }
        if (!environment_.may_hide().empty()) {
            return unknowns_.mark(fmt::format("{} {}", name, environment_.may_hide()));
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t end_of(std::size_t begin, char open, char close) const {
        int depth = 0;
        for (std::size_t i = begin; i < text_.size(); ++i) {
            depth += text_[i] == open ? 1 : text_[i] == close ? -1 : 0;
            if (depth == 0) {
                return i + 1;
            }
        }
        return text_.size() + 1;
    }
    [[nodiscard]] std::size_t end_of_parentheses(std::size_t begin) const { return end_of(begin, '(', ')'); }
    [[nodiscard]] std::size_t end_of_braces(std::size_t begin) const { return end_of(begin, '{', '}'); }

    static std::optional<std::pair<std::string, std::string>> assignment(const std::string& word) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0 || !is_name_start(word.front()) ||
            !std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), is_name)) {
            return std::nullopt;
        }
        return std::pair{word.substr(0, equals), word.substr(equals + 1)};
    }

    void finish(std::vector<std::string> words, bool background) {
        std::size_t first = 0;
        std::vector<std::pair<std::string, std::string>> assignments;
        while (first < words.size() && std::find(kBranchWords.begin(), kBranchWords.end(), words[first]) != kBranchWords.end()) {
            branches_ = true;
            ++first;
        }
        for (; first < words.size(); ++first) {
            auto pair = assignment(words[first]);
            if (!pair) {
                break;
            }
            assignments.push_back(*std::move(pair));
        }
        if (first == words.size() || words[first] == "export") {
            // Stays for the commands that follow. A variable that is set but not exported is taken as exported: start scripts that differ
            // are rare, and the server would then only see less.
            for (std::size_t i = first + 1; i < words.size(); ++i) {
                if (auto pair = assignment(words[i])) {
                    assignments.push_back(*std::move(pair));
                }
            }
            remember(environment_, assignments);
            return;
        }
        ShellCommand command{
            {words.begin() + static_cast<std::ptrdiff_t>(first), words.end()}, {}, environment_, background, branches_ || behind_condition_
        };
        remember(command.environment, assignments);
        command.assignments = std::move(assignments);
        commands_.push_back(std::move(command));
    }

    void remember(ContainerEnvironment& environment, const std::vector<std::pair<std::string, std::string>>& assignments) {
        for (const auto& [name, value] : assignments) {
            const std::string why =
                branches_ || behind_condition_ ? unknowns_.mark(fmt::format("{} is set under a condition", name)) : std::string{};
            environment.set(name, {why.empty() ? value : why, fmt::format("shell variable {}", name)});
        }
    }

    std::string_view text_;
    const std::vector<std::string>& positional_;
    ContainerEnvironment environment_;
    Unknowns& unknowns_;
    std::size_t position_ = 0;
    int depth_ = 0;
    bool branches_ = false;
    bool behind_condition_ = false;
    std::vector<ShellCommand> commands_;
};

}  // namespace

std::vector<ShellCommand> read_shell_script(
    std::string_view script, const std::vector<std::string>& positional, const ContainerEnvironment& environment, Unknowns& unknowns
) {
    return ShellReader{script, positional, environment, unknowns}.read();
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool open = false;
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != '\0' && c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
            open = true;
        } else if (c == '\\' && i + 1 < text.size() && (quote == '\0' || (quote == '"' && (text[i + 1] == '"' || text[i + 1] == '\\')))) {
            word += text[++i];
            open = true;
        } else if (quote == '\0' && (is_blank(c) || c == '\n' || c == '\r')) {
            if (open) {
                words.push_back(std::move(word));
                word.clear();
            }
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (open) {
        words.push_back(std::move(word));
    }
    return words;
}

}  // namespace cenote::sizing
