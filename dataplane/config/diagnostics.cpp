#include "dataplane/config/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace cenote::config {
namespace {

// A file of nothing but errors (someone passed a binary) must not make a message as large as itself.
constexpr std::size_t kMost = 50;

}  // namespace

std::vector<std::string> Diagnostics::texts(std::vector<Entry> entries) {
    std::map<std::string, std::size_t> file_rank;  // by first appearance
    for (const Entry& entry : entries) {
        file_rank.emplace(entry.where.file, file_rank.size());
    }
    std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
        return std::pair{file_rank[a.where.file], a.where.line} < std::pair{file_rank[b.where.file], b.where.line};
    });
    std::vector<std::string> texts;
    for (const Entry& entry : entries) {
        if (texts.size() == kMost) {
            texts.emplace_back("… and more");
            break;
        }
        texts.push_back(
            entry.where.line > 0 ? fmt::format("{}:{}: {}", entry.where.file, entry.where.line, entry.reason)
                                 : fmt::format("{}: {}", entry.where.file, entry.reason)
        );
    }
    return texts;
}

Error Diagnostics::summary() const {
    return {.message = fmt::format("{}", fmt::join(texts(errors_), "\n")), .sqlstate = sqlstate::kConfigFileError};
}

}  // namespace cenote::config
