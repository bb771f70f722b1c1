#include "operator/sizing/program.hpp"

#include "operator/sizing/shell_script.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cenote::sizing {
namespace {

constexpr int kDeepest = 8;  // nesting of wrappers and shells

std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Programs that start the rest of their command line, after `words` words of their own (options aside).
struct Wrapper {
    std::string_view name;
    std::string_view subcommand;  // "" = none; else the word that makes it a wrapper
    std::size_t words = 0;
    std::string_view valued_options = {};  // space-separated options that take the next word
};

constexpr std::array kWrappers{
    Wrapper{"exec", "", 0, "-a"},
    Wrapper{"command", "", 0},
    Wrapper{"nohup", "", 0},
    Wrapper{"time", "", 0},
    Wrapper{"nice", "", 0, "-n"},
    Wrapper{"timeout", "", 1, "-k -s"},
    Wrapper{"tini", "", 0, "-p -e"},
    Wrapper{"dumb-init", "", 0, "-r"},
    Wrapper{"catatonit", "", 0},
    Wrapper{"gosu", "", 1},
    Wrapper{"su-exec", "", 1},
    Wrapper{"ddtrace-run", "", 0},
    Wrapper{"bundle", "exec", 0},
    Wrapper{"poetry", "run", 0},
    Wrapper{"pipenv", "run", 0},
    Wrapper{"pdm", "run", 0},
    Wrapper{"uv", "run", 0},
    Wrapper{"newrelic-admin", "run-program", 0},
    // The images' own start scripts, which end in exec "$@".
    Wrapper{"entrypoint.sh", "", 0},
    Wrapper{"docker-entrypoint.sh", "", 0},
    Wrapper{"entrypoint", "", 0},
};

bool is_valued(std::string_view option, std::string_view valued) {
    return (" " + std::string{valued} + " ").find(" " + std::string{option} + " ") != std::string::npos;
}

/// Index of the first word that is no option of the wrapper.
std::size_t skip_options(const std::vector<Word>& words, std::size_t at, std::string_view valued) {
    while (at < words.size() && words[at].text.starts_with('-')) {
        const std::string& option = words[at].text;
        at += is_valued(option, valued) ? 2U : 1U;
        if (option == "--") {
            break;
        }
    }
    return at;
}

std::vector<Word> from(const std::vector<Word>& words, std::size_t first) {
    return {words.begin() + static_cast<std::ptrdiff_t>(std::min(first, words.size())), words.end()};
}

bool is_shell(std::string_view name) { return name == "sh" || name == "bash" || name == "ash" || name == "dash"; }

bool is_python(std::string_view name) {
    return name.starts_with("python") &&
           std::all_of(name.begin() + 6, name.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

/// What remains of the command line behind one wrapper; nullopt if the first word is none.
std::optional<std::vector<Word>> unwrap(const std::vector<Word>& words, ContainerEnvironment& environment) {
    const std::string_view name = base_name(words[0].text);
    if (name == "env") {
        std::size_t at = skip_options(words, 1, "-u -C -S");
        for (; at < words.size() && words[at].text.find('=') != std::string::npos; ++at) {
            const std::size_t equals = words[at].text.find('=');
            environment.set(words[at].text.substr(0, equals), {words[at].text.substr(equals + 1), words[at].place});
        }
        return from(words, at);
    }
    if (is_python(name)) {
        std::size_t at = 1;
        while (at < words.size() && words[at].text.starts_with('-') && words[at].text != "-m" && words[at].text != "-c") {
            at += words[at].text == "-X" || words[at].text == "-W" ? 2U : 1U;
        }
        if (at < words.size() && words[at].text == "-m") {
            ++at;
        }
        return from(words, at);
    }
    for (const Wrapper& wrapper : kWrappers) {
        if (wrapper.name != name) {
            continue;
        }
        std::size_t at = skip_options(words, 1, wrapper.valued_options);
        if (!wrapper.subcommand.empty()) {
            if (at >= words.size() || words[at].text != wrapper.subcommand) {
                return std::nullopt;
            }
            at = skip_options(words, at + 1, wrapper.valued_options);
        }
        return from(words, at + wrapper.words);
    }
    return std::nullopt;
}

/// The script of `sh -c SCRIPT …` (also -ec, -lc, …): the index of SCRIPT.
std::optional<std::size_t> script_index(const std::vector<Word>& words) {
    for (std::size_t i = 1; i < words.size() && words[i].text.starts_with('-'); ++i) {
        const std::string& option = words[i].text;
        if (!option.starts_with("--") && option.find('c') != std::string::npos) {
            return i + 1 < words.size() ? std::optional{i + 1} : std::nullopt;
        }
        if (option == "-o") {
            ++i;
        }
    }
    return std::nullopt;
}

void resolve(
    std::vector<Word> words, ContainerEnvironment environment, Unknowns& unknowns, bool background, bool conditional, int depth,
    std::vector<Program>& out
);

void resolve_script(
    const std::vector<Word>& words, std::size_t script, const ContainerEnvironment& environment, Unknowns& unknowns, bool background,
    bool conditional, int depth, std::vector<Program>& out
) {
    std::vector<std::string> positional;
    for (std::size_t i = script + 1; i < words.size(); ++i) {
        positional.push_back(words[i].text);
    }
    for (ShellCommand& command : read_shell_script(words[script].text, positional, environment, unknowns)) {
        const bool replaces_shell = command.words[0] == "exec" && command.words.size() > 1 && !command.conditional;
        std::vector<Word> inner;
        for (std::string& word : command.words) {
            inner.push_back({std::move(word), words[script].place});
        }
        resolve(
            std::move(inner), std::move(command.environment), unknowns, background || command.in_background,
            conditional || command.conditional, depth + 1, out
        );
        if (replaces_shell) {
            break;
        }
    }
}

void resolve(
    std::vector<Word> words, ContainerEnvironment environment, Unknowns& unknowns, bool background, bool conditional, int depth,
    std::vector<Program>& out
) {
    for (; depth < kDeepest && !words.empty(); ++depth) {
        if (is_shell(base_name(words[0].text))) {
            if (const auto script = script_index(words)) {
                return resolve_script(words, *script, environment, unknowns, background, conditional, depth, out);
            }
            break;
        }
        auto rest = unwrap(words, environment);
        if (!rest) {
            break;
        }
        words = *std::move(rest);
    }
    if (words.empty()) {
        return;
    }
    std::string name{base_name(words[0].text)};
    // `python -m gunicorn.app.wsgiapp` is gunicorn.
    if (find_server(name) == nullptr && find_server(name.substr(0, name.find('.'))) != nullptr) {
        name.erase(name.find('.'));
    }
    out.push_back({std::move(name), from(words, 1), std::move(environment), background, conditional});
}

}  // namespace

std::vector<Program> resolve_programs(std::vector<Word> words, ContainerEnvironment environment, Unknowns& unknowns) {
    std::vector<Program> programs;
    resolve(std::move(words), std::move(environment), unknowns, false, false, 0, programs);
    return programs;
}

}  // namespace cenote::sizing
