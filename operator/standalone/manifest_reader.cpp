#include "operator/standalone/manifest_reader.hpp"

#include "operator/kube/base64.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <sstream>

namespace cenote::standalone {
namespace {

using kube::Json;

// Aliases make a small text a large tree: stop where no manifest gets to.
constexpr int kMaxNodes = 200'000;
constexpr int kMaxDepth = 100;

struct TooLarge {};

Json to_json(const YAML::Node& node, int depth, int& nodes) {
    if (++nodes > kMaxNodes || depth > kMaxDepth) {
        throw TooLarge{};
    }
    switch (node.Type()) {
        case YAML::NodeType::Undefined:
        case YAML::NodeType::Null:
            return nullptr;
        case YAML::NodeType::Scalar:
            return node.Tag() == "?" ? read_plain_scalar(node.Scalar()) : Json(node.Scalar());
        case YAML::NodeType::Sequence: {
            Json list = Json::array();
            for (const YAML::Node& item : node) {
                list.push_back(to_json(item, depth + 1, nodes));
            }
            return list;
        }
        case YAML::NodeType::Map: {
            Json map = Json::object();
            for (const auto& item : node) {
                map[item.first.Scalar()] = to_json(item.second, depth + 1, nodes);
            }
            return map;
        }
    }
    return nullptr;
}

std::string quoted_kind(const Json& object) { return fmt::format("{} {}", kube::api_version_of(object), kube::kind_of(object)); }

/// The Secret as the API server keeps it, or why not.
std::string fold_string_data(Json& secret) {
    for (const auto& [key, value] : kube::object_or_empty(secret, "/data").items()) {
        if (!value.is_string() || !kube::decode_base64(value.get<std::string>())) {
            return fmt::format("data.{}: is not base64; plain text belongs in stringData", key);
        }
    }
    const Json plain = kube::object_or_empty(secret, "/stringData");
    for (const auto& [key, value] : plain.items()) {
        if (!value.is_string()) {
            return fmt::format("stringData.{}: must be a string, is {}; put it in quotes", key, value.type_name());
        }
        secret["data"][key] = kube::encode_base64(value.get<std::string>());
    }
    secret.erase("stringData");
    return {};
}

class Reader {
public:
    Reader(const std::string& file, ManifestFile& out) : file_(file), out_(out) {}

    void take(Json object, int line) {
        if (kube::kind_of(object) == "List" && kube::find(object, "/items") != nullptr) {
            for (const Json& item : kube::array_or_empty(object, "/items")) {
                take(item, line);
            }
            return;
        }
        if (std::string problem = check_and_complete(object); !problem.empty()) {
            out_.problems.push_back({file_, line, std::move(problem)});
            return;
        }
        const auto* type = kube::find_resource_type(kube::api_version_of(object), kube::kind_of(object));
        const kube::ObjectName name = kube::object_name_of(object);
        out_.manifests.push_back({type, name, std::move(object), file_, line});
    }

private:
    static std::string check_and_complete(Json& object) {
        if (!object.is_object()) {
            return "the document is not an object with apiVersion, kind and metadata";
        }
        if (kube::kind_of(object).empty() || kube::api_version_of(object).empty()) {
            return "apiVersion and kind are required";
        }
        const auto* type = kube::find_resource_type(kube::api_version_of(object), kube::kind_of(object));
        if (type == nullptr) {
            return fmt::format("standalone mode knows nothing of {}", quoted_kind(object));
        }
        if (const std::string name = kube::name_of(object); !is_valid_name(name)) {
            return fmt::format("metadata.name: \"{}\" is not a name (lower-case letters, digits, '-' and '.', at most 253)", name);
        }
        if (type->namespaced) {
            const std::string ns = kube::string_or(object, "/metadata/namespace", "default");
            if (!is_valid_name(ns) || ns.find('.') != std::string::npos) {
                return fmt::format("metadata.namespace: \"{}\" is not a name", ns);
            }
            object["metadata"]["namespace"] = ns;
        }
        for (const char* field : {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences"}) {
            object["metadata"].erase(field);
        }
        object.erase("status");
        return *type == kube::kSecret ? fold_string_data(object) : std::string{};
    }

    const std::string& file_;
    ManifestFile& out_;
};

}  // namespace

std::string Manifest::where() const { return fmt::format("{}:{}", file, line); }

std::string ManifestProblem::text() const { return fmt::format("{}:{}: {}", file, line, message); }

Json read_plain_scalar(const std::string& text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
        return nullptr;
    }
    // YAML 1.1's booleans, less y and n: what sigs.k8s.io/yaml makes of them.
    for (const char* word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
        if (text == word) {
            return true;
        }
    }
    for (const char* word : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
        if (text == word) {
            return false;
        }
    }
    const char* first = text.data() + (text.front() == '+' ? 1 : 0);
    const char* last = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [end, error] = std::from_chars(first, last, whole); error == std::errc{} && end == last) {
        return whole;
    }
    double real = 0;
    if (const auto [end, error] = std::from_chars(first, last, real); error == std::errc{} && end == last && std::isfinite(real)) {
        return real;
    }
    return text;
}

bool is_valid_name(std::string_view name) {
    if (name.empty() || name.size() > 253) {
        return false;
    }
    char before = '.';
    for (const char c : name) {
        const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alphanumeric && ((c != '-' && c != '.') || before == '.' || (c == '.' && before == '-'))) {
            return false;
        }
        before = c;
    }
    return before != '-' && before != '.';
}

ManifestFile read_manifests(const std::string& file, std::string_view text) {
    ManifestFile out;
    Reader reader(file, out);
    try {
        std::istringstream stream{std::string(text)};
        for (const YAML::Node& document : YAML::LoadAll(stream)) {
            if (!document.IsDefined() || document.IsNull()) {
                continue;
            }
            int nodes = 0;
            reader.take(to_json(document, 0, nodes), document.Mark().line + 1);
        }
    } catch (const YAML::Exception& error) {
        out.problems.push_back({file, error.mark.is_null() ? 1 : error.mark.line + 1, error.msg});
    } catch (const TooLarge&) {
        out.problems.push_back({file, 1, "the document is too large or too deep"});
    } catch (const std::exception& error) {
        out.problems.push_back({file, 1, error.what()});
    }
    return out;
}

}  // namespace cenote::standalone
