// Time as the pure parts see it: a value that comes in with each event. Only drivers read a clock.
#pragma once

#include <chrono>

namespace cenote {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace cenote
