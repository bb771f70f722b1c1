#include "operator/standalone/yaml_writer.hpp"

#include "operator/standalone/manifest_reader.hpp"

#include <yaml-cpp/yaml.h>

namespace cenote::standalone {
namespace {

void emit(YAML::Emitter& out, const kube::Json& value) {
    if (value.is_object()) {
        if (value.empty()) {
            out << YAML::Flow;
        }
        out << YAML::BeginMap;
        for (const auto& [key, member] : value.items()) {
            out << YAML::Key << key << YAML::Value;
            emit(out, member);
        }
        out << YAML::EndMap;
    } else if (value.is_array()) {
        if (value.empty()) {
            out << YAML::Flow;
        }
        out << YAML::BeginSeq;
        for (const auto& member : value) {
            emit(out, member);
        }
        out << YAML::EndSeq;
    } else if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (!read_plain_scalar(text).is_string()) {
            out << YAML::DoubleQuoted;
        }
        out << text;
    } else if (value.is_null()) {
        out << YAML::Null;
    } else {
        out << kube::dump_json(value);
    }
}

}  // namespace

std::string write_yaml(const kube::Json& value) {
    YAML::Emitter out;
    emit(out, value);
    return std::string(out.c_str()) + '\n';
}

}  // namespace cenote::standalone
