// A Deployment's pod template as a process on this machine. Pure.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/standalone/child_process.hpp"
#include "operator/standalone/pod_volumes.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::standalone {

struct PodPlace {
    std::string program;      // the cenote binary
    std::string volumes;      // directory of this pod's volumes, one directory each by volume name
    std::string listen_addr;  // where clients come in
    int listen_port = 0;
    int http_port = 0;
};

/// The volumes of a pod template that come from ConfigMaps, Secrets and the pod's own annotations (downwardAPI).
struct VolumeSource {
    std::string volume;
    kube::ResourceType type;  // kConfigMap, kSecret or kPod
    std::string object;       // "" for the pod itself
    bool optional = false;
    std::map<std::string, std::string> items;  // key, or the annotation's name, to file name; empty: all keys

    /// The files as that object gives them; keys that are not base64 in a Secret are left out.
    [[nodiscard]] VolumeFiles files_of(const kube::Json& source) const;
};

[[nodiscard]] std::vector<VolumeSource> volume_sources(const kube::Json& template_spec);

/// Settings of the configuration file whose value lies in a mounted volume ("auth_file = /etc/cenote/secrets/userlist.txt"): on this
/// machine the volume lies elsewhere, and the file's bytes must stay as they are, since their hash is compared. "NAME=VALUE" for --set.
[[nodiscard]] std::vector<std::string> moved_settings(std::string_view ini, const kube::Json& template_spec, std::string_view volumes);

/// The first container's command and arguments, with paths below mounted volumes moved, and the settings that make several pods fit one
/// machine.
[[nodiscard]] ProcessSpec make_command(const kube::Json& template_spec, const PodPlace& place, const std::vector<std::string>& moved);

/// Plain environment values of the first container; references to other objects are left out.
[[nodiscard]] std::vector<std::string> environment_of(const kube::Json& template_spec);

}  // namespace cenote::standalone
