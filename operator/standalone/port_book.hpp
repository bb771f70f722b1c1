// Which port of this machine each pool has: its annotation's, or the first free one from 6432 upwards, remembered over restarts in a file.
// One thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace cenote::standalone {

inline constexpr int kFirstPort = 6432;
inline constexpr int kFirstHttpPort = 9127;

/// Nobody listens there; tried by binding.
[[nodiscard]] bool is_port_free(const std::string& address, int port);

class PortBook {
public:
    PortBook(std::filesystem::path file, std::string address);

    /// `stated`: what the pool's annotation says. `running`: the pool has processes on its port now, so it cannot be free and stays.
    [[nodiscard]] int port_of(const std::string& pool, std::optional<int> stated, bool running);
    void forget(const std::string& pool);
    /// A free port for a pod's own HTTP; not given twice while it is held.
    [[nodiscard]] int take_http_port();
    void give_back_http_port(int port);

private:
    [[nodiscard]] bool is_taken(int port) const;
    void save() const;

    std::filesystem::path file_;
    std::string address_;
    std::map<std::string, int> ports_;
    std::map<int, bool> http_ports_;
};

}  // namespace cenote::standalone
