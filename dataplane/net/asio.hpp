// The one door to Asio. Boost 1.74's <boost/asio/awaitable.hpp> uses std::exchange without <utility>: its order here matters.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace cenote::net {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace cenote::net
