// A manifest file's text to objects, each knowing its file and line. Pure. yaml-cpp stays in the .cpp.
#pragma once

#include "operator/kube/object.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cenote::standalone {

struct Manifest {
    const kube::ResourceType* type = nullptr;
    kube::ObjectName name;
    kube::Json object;  // as the API server would store it: namespace filled in, Secret's stringData folded into data
    std::string file;
    int line = 0;

    [[nodiscard]] std::string where() const;
};

/// What is wrong with a file, "orders.yaml:12: …".
struct ManifestProblem {
    std::string file;
    int line = 0;
    std::string message;

    [[nodiscard]] std::string text() const;
    bool operator==(const ManifestProblem&) const = default;
};

/// Either all documents are good, or there are problems; then `manifests` holds the good ones for information only.
struct ManifestFile {
    std::vector<Manifest> manifests;
    std::vector<ManifestProblem> problems;
};

/// Several documents in one file, and kind List, are understood. Numbers, booleans and null as kubectl reads them.
[[nodiscard]] ManifestFile read_manifests(const std::string& file, std::string_view text);

/// What an unquoted YAML scalar is: null, a boolean, a number or a text.
[[nodiscard]] kube::Json read_plain_scalar(const std::string& text);

/// An RFC 1123 subdomain, as Kubernetes wants names: also what keeps a name from being a path.
[[nodiscard]] bool is_valid_name(std::string_view name);

}  // namespace cenote::standalone
