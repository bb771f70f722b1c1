// Small objects for the tests of this folder.
#pragma once

#include "operator/kube/json.hpp"

#include <string>

namespace cenote::runtime {

inline kube::Json make_object(const std::string& name, const std::string& version, const std::string& ns = "shop") {
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", {{"name", name}, {"namespace", ns}, {"resourceVersion", version}, {"uid", "uid-" + name}}}
    };
}

}  // namespace cenote::runtime
