// Says when one of some files may have changed: inotify on their directories, so that editors' rename dances and a ConfigMap volume's
// "..data" symlink swap are seen. Only events that name a watched file or "..data" count; what else lives in the directory (a log file,
// a pid file) may change as it likes. Several events close together are told once. Belongs to the thread that runs its io_context.
#pragma once

#include "dataplane/net/asio.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cenote::net {

class FileWatch {
public:
    FileWatch(asio::io_context& io, std::function<void()> changed);
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    /// Replaces what is watched. A directory that was watched before and is again goes on without a gap.
    void watch(const std::vector<std::string>& files);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace cenote::net
