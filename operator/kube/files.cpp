#include "operator/kube/files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>

namespace cenote::kube {
namespace {

constexpr std::size_t kMaxSize = std::size_t{16} << 20U;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
    if (!file) {
        return Error{fmt::format("{}: {}", path, std::strerror(errno))};
    }
    std::string out;
    char buffer[16384];
    while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, file.get())) {
        if (out.size() + n > kMaxSize) {
            return Error{fmt::format("{}: larger than {} bytes", path, kMaxSize)};
        }
        out.append(buffer, n);
    }
    if (std::ferror(file.get()) != 0) {
        return Error{fmt::format("{}: {}", path, std::strerror(errno))};
    }
    return out;
}

}  // namespace cenote::kube
