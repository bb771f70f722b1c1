// Assertions for our own mistakes. What a peer or the environment can cause is a Result, never an assertion.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace cenote::detail {

[[noreturn]] inline void assertion_failed(const char* text, const char* file, int line) noexcept {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, text);
    std::abort();
}

}  // namespace cenote::detail

// Kept in release builds: what it guards would send one client's bytes to another.
#define CENOTE_CHECK(condition) ((condition) ? static_cast<void>(0) : ::cenote::detail::assertion_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define CENOTE_ASSERT(condition) static_cast<void>(sizeof(condition))
#else
#define CENOTE_ASSERT(condition) CENOTE_CHECK(condition)
#endif
