#include "dataplane/admin/faked_parameters.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace cenote::admin {
namespace {

constexpr std::array kParameters{
    FakedParameter{"client_encoding", "UTF-8"},
    FakedParameter{"default_transaction_isolation", "read committed"},
    FakedParameter{"standard_conforming_strings", "on"},
    FakedParameter{"datestyle", "ISO"},
    FakedParameter{"timezone", "GMT"},
    FakedParameter{"extra_float_digits", "2"},
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

FakedParameter find_faked_parameter(std::string_view name) {
    for (const FakedParameter& parameter : kParameters) {
        if (std::equal(name.begin(), name.end(), parameter.name.begin(), parameter.name.end(), [](char a, char b) {
                return lower(a) == b;
            })) {
            return parameter;
        }
    }
    return {};
}

bool is_faked_parameter(std::string_view name) { return !find_faked_parameter(name).name.empty(); }

}  // namespace cenote::admin
