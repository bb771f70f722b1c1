// What is wrong with a configuration: all of it, each with its place.
#pragma once

#include "dataplane/base/error.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace cenote::config {

/// A line of a file; line 0 = the file as a whole, or something that is no file ("--set").
struct Location {
    std::string file;
    int line = 0;
};

class Diagnostics {
public:
    void error(const Location& where, const std::string& reason) { errors_.push_back({where, reason}); }
    void warning(const Location& where, const std::string& reason) { warnings_.push_back({where, reason}); }

    [[nodiscard]] bool ok() const { return errors_.empty(); }
    /// "file:line: reason", in the order of the lines of each file.
    [[nodiscard]] std::vector<std::string> warnings() const { return texts(warnings_); }
    /// All errors, one a line, in the same order.
    [[nodiscard]] Error summary() const;

private:
    struct Entry {
        Location where;
        std::string reason;
    };

    static std::vector<std::string> texts(std::vector<Entry> entries);

    std::vector<Entry> errors_;
    std::vector<Entry> warnings_;
};

}  // namespace cenote::config
