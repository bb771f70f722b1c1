// JSON as YAML for people to read: block style, texts quoted where they would read as something else. Pure.
#pragma once

#include "operator/kube/json.hpp"

#include <string>

namespace cenote::standalone {

[[nodiscard]] std::string write_yaml(const kube::Json& value);

}  // namespace cenote::standalone
