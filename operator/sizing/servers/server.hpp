// What is known of each server program: how its command line and environment say how many workers and threads it runs. One file a program,
// one row in the table (servers.cpp). Pure.
#pragma once

#include "operator/sizing/container_environment.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::sizing {

/// A word of a command line and where it stands: "args[3]".
struct Word {
    std::string text;  // may hold marks
    std::string place;
};

struct Invocation {
    std::vector<Word> arguments;  // without the program's name
    const ContainerEnvironment& environment;
    const Unknowns& unknowns;
};

/// A number with its source, or the reason why there is none.
struct Found {
    std::int64_t value = 0;
    std::string source;
    std::string unknown;  // "" = value counts
};

struct ServerSize {
    Found workers;
    Found threads;
};

struct Server {
    std::string_view name;
    std::string_view program;                              // base name; a module of `python -m` too
    std::optional<ServerSize> (*size)(const Invocation&);  // nullopt: called for something else than serving ("rails db:migrate")
};

/// nullptr: not a server we know.
[[nodiscard]] const Server* find_server(std::string_view program);

/// For programs whose pool is set in the environment alone (Prisma, HikariCP); nullopt: nothing there.
[[nodiscard]] std::optional<ServerSize> size_from_environment(const ContainerEnvironment& environment, const Unknowns& unknowns);

// Pieces the programs' files are made of.

struct OptionValue {
    std::string text;   // may hold marks
    std::string shown;  // "args[3] --workers=4"
};

/// The last of the options in the command line: "--workers 4", "--workers=4", "-w 4", "-w4". Names as written, with their dashes.
[[nodiscard]] std::optional<OptionValue> last_option(std::span<const Word> arguments, std::span<const std::string_view> names);

/// A whole number from `least` to 10000.
[[nodiscard]] Found to_number(const std::string& text, const std::string& shown, const Unknowns& unknowns, std::int64_t least = 1);

/// The variable as a number; nullopt when it surely is not set.
[[nodiscard]] std::optional<Found> number_from_environment(
    const ContainerEnvironment& environment, std::string_view name, const Unknowns& unknowns, std::int64_t least = 1
);

/// The first of the variables that is set.
[[nodiscard]] std::optional<Found> first_of_environment(const Invocation& call, std::initializer_list<std::string_view> names);

/// An asynchronous server's threads: not known, with what to do about it.
[[nodiscard]] Found own_pool(std::string_view what);

[[nodiscard]] Found known(std::int64_t value, std::string source);
[[nodiscard]] Found not_known(std::string reason);
/// "threads: gunicorn's default".
[[nodiscard]] Found by_default(std::int64_t value, std::string_view what, std::string_view server);

}  // namespace cenote::sizing
