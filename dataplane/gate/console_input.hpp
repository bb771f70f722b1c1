// What a console client sends, message by message. Pure.
#pragma once

#include "dataplane/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cenote::gate {

/// The largest message: a longer one ends the connection before it is buffered.
inline constexpr std::size_t kMaxConsoleMessage = 64 * 1024;

struct ConsoleInput {
    enum class Kind : std::uint8_t { kMore, kQuery, kTerminate, kRefused };
    Kind kind = Kind::kMore;
    std::string sql{};  // of kQuery
    Error error{};      // of kRefused
};

/// Takes one message from the front of `rest`; kMore leaves it as it was. The console speaks the simple protocol only.
[[nodiscard]] ConsoleInput take_console_input(std::string_view& rest);

}  // namespace cenote::gate
