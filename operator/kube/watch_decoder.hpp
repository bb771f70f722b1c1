// Turns the body of a watch, cut anywhere, into events: one JSON object a line. Sans-io; owned by the call that reads the watch.
#pragma once

#include "operator/kube/cluster.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::kube {

class WatchDecoder {
public:
    /// etcd takes objects up to 1.5 MiB; with JSON's overhead an event stays well below this.
    static constexpr std::size_t kMaxLine = std::size_t{16} << 20U;

    explicit WatchDecoder(std::size_t max_line = kMaxLine) : max_line_(max_line) {}

    /// Appends the events that are complete now. An error (the server's ERROR event, a line too long or not an event) ends the watch: feed
    /// no more.
    [[nodiscard]] std::optional<ApiError> feed(std::string_view chunk, std::vector<WatchEvent>& events);
    /// Bytes of a line not yet complete.
    [[nodiscard]] std::size_t pending() const { return line_.size(); }

private:
    std::size_t max_line_;
    std::string line_;
};

}  // namespace cenote::kube
