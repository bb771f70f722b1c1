// Posts a callable to the gate's thread, also one that can only be moved (Orders and Seeds are): a std::function, and Asio 1.74's executors
// under some handlers, want copies.
#pragma once

#include "dataplane/net/asio.hpp"

#include <memory>
#include <utility>

namespace cenote::gate {

template <class Task>
void post_to(net::asio::io_context& io, Task task) {
    net::asio::post(io, [held = std::make_shared<Task>(std::move(task))] { (*held)(); });
}

/// A std::function of what can only be moved.
template <class Task>
[[nodiscard]] auto copyable(Task task) {
    return [held = std::make_shared<Task>(std::move(task))](auto&&... args) { return (*held)(std::forward<decltype(args)>(args)...); };
}

}  // namespace cenote::gate
