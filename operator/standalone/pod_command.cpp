#include "operator/standalone/pod_command.hpp"

#include "operator/kube/base64.hpp"

#include <fmt/format.h>

#include <optional>

namespace cenote::standalone {
namespace {

using kube::Json;

constexpr std::string_view kContainer = "/containers/0";

std::string at_container(std::string_view path) { return fmt::format("{}{}", kContainer, path); }

/// `path` moved from its mount to where that volume lies here; nothing when it is in no volume.
std::optional<std::string> moved(std::string_view path, const Json& spec, std::string_view volumes) {
    for (const Json& mount : kube::array_or_empty(spec, at_container("/volumeMounts"))) {
        std::string at = kube::string_or(mount, "/mountPath");
        while (at.size() > 1 && at.back() == '/') {
            at.pop_back();
        }
        if (!at.empty() && path.starts_with(at) && (path.size() == at.size() || path[at.size()] == '/')) {
            return fmt::format("{}/{}{}", volumes, kube::string_or(mount, "/name"), path.substr(at.size()));
        }
    }
    return std::nullopt;
}

/// Of the pod's fields, annotations alone.
VolumeSource downward_source(const Json& volume) {
    VolumeSource source{.volume = kube::string_or(volume, "/name"), .type = kube::kPod, .object = "", .optional = true, .items = {}};
    for (const Json& item : kube::array_or_empty(volume, "/downwardAPI/items")) {
        constexpr std::string_view kBefore = "metadata.annotations['";
        const std::string field = kube::string_or(item, "/fieldRef/fieldPath");
        if (field.starts_with(kBefore) && field.ends_with("']")) {
            source.items[field.substr(kBefore.size(), field.size() - kBefore.size() - 2)] = kube::string_or(item, "/path");
        }
    }
    return source;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

VolumeFiles VolumeSource::files_of(const Json& source) const {
    VolumeFiles files;
    if (type == kube::kPod) {
        for (const auto& [annotation, file] : items) {
            files[file] = kube::annotation_of(source, annotation).value_or("");  // there all the same, as the kubelet makes it
        }
        return files;
    }
    for (const auto& [key, value] : kube::object_or_empty(source, "/data").items()) {
        const auto item = items.find(key);
        if (!value.is_string() || (!items.empty() && item == items.end())) {
            continue;
        }
        auto bytes = type == kube::kSecret ? kube::decode_base64(value.get<std::string>()) : Result<std::string>(value.get<std::string>());
        if (bytes) {
            files[items.empty() ? key : item->second] = std::move(*bytes);
        }
    }
    return files;
}

std::vector<VolumeSource> volume_sources(const Json& spec) {
    std::vector<VolumeSource> out;
    for (const Json& volume : kube::array_or_empty(spec, "/volumes")) {
        if (kube::find(volume, "/downwardAPI") != nullptr) {
            out.push_back(downward_source(volume));
            continue;
        }
        const bool secret = kube::find(volume, "/secret") != nullptr;
        if (!secret && kube::find(volume, "/configMap") == nullptr) {
            continue;
        }
        const std::string at = secret ? "/secret" : "/configMap";
        VolumeSource source{
            .volume = kube::string_or(volume, "/name"),
            .type = secret ? kube::kSecret : kube::kConfigMap,
            .object = kube::string_or(volume, at + (secret ? "/secretName" : "/name")),
            .optional = kube::bool_or(volume, at + "/optional"),
            .items = {},
        };
        for (const Json& item : kube::array_or_empty(volume, at + "/items")) {
            source.items[kube::string_or(item, "/key")] = kube::string_or(item, "/path");
        }
        out.push_back(std::move(source));
    }
    return out;
}

std::vector<std::string> moved_settings(std::string_view ini, const Json& spec, std::string_view volumes) {
    std::vector<std::string> out;
    bool global = false;
    while (!ini.empty()) {
        const auto end = ini.find('\n');
        const std::string_view line = trimmed(ini.substr(0, end));
        ini = end == std::string_view::npos ? std::string_view{} : ini.substr(end + 1);
        if (line.starts_with('[')) {
            global = line == "[pgbouncer]" || line == "[cenote]";
            continue;
        }
        const auto equals = line.find('=');
        if (!global || line.starts_with(';') || line.starts_with('#') || equals == std::string_view::npos) {
            continue;
        }
        if (const auto path = moved(trimmed(line.substr(equals + 1)), spec, volumes)) {
            out.push_back(fmt::format("{}={}", trimmed(line.substr(0, equals)), *path));
        }
    }
    return out;
}

ProcessSpec make_command(const Json& spec, const PodPlace& place, const std::vector<std::string>& moved_values) {
    ProcessSpec process;
    process.argv.push_back(place.program);  // whatever the image calls it
    const auto set = [&process](std::string_view name, std::string_view value) {
        process.argv.emplace_back("--set");
        process.argv.push_back(fmt::format("{}={}", name, value));
    };
    set("listen_addr", place.listen_addr);
    set("listen_port", fmt::to_string(place.listen_port));
    set("so_reuseport", "1");  // replicas share the port
    set("http_listen_addr", "127.0.0.1");
    set("http_port", fmt::to_string(place.http_port));
    set("unix_socket_dir", "");
    set("drain_delay", "0");  // there are no endpoints to be withdrawn first
    for (const std::string& value : moved_values) {
        process.argv.emplace_back("--set");
        process.argv.push_back(value);
    }
    std::vector<std::string> words;
    for (const char* list : {"/command", "/args"}) {
        for (const Json& word : kube::array_or_empty(spec, at_container(list))) {
            if (word.is_string()) {
                words.push_back(word.get<std::string>());
            }
        }
    }
    // With a command its first word is the program; arguments alone follow the image's entrypoint.
    const std::size_t first = kube::array_or_empty(spec, at_container("/command")).empty() ? 0 : 1;
    for (std::size_t i = first; i < words.size(); ++i) {
        process.argv.push_back(moved(words[i], spec, place.volumes).value_or(words[i]));
    }
    process.environment = environment_of(spec);
    return process;
}

std::vector<std::string> environment_of(const Json& spec) {
    std::vector<std::string> out;
    for (const Json& variable : kube::array_or_empty(spec, at_container("/env"))) {
        const Json* value = kube::find(variable, "/value");
        const std::string name = kube::string_or(variable, "/name");
        if (!name.empty() && name.find('=') == std::string::npos && value != nullptr && value->is_string()) {
            out.push_back(fmt::format("{}={}", name, value->get<std::string>()));
        }
    }
    return out;
}

}  // namespace cenote::standalone
