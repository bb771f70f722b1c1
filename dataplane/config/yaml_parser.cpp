#include "dataplane/config/yaml_parser.hpp"

#include "dataplane/config/connection_string.hpp"
#include "dataplane/config/nearest_name.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <exception>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cenote::config {
namespace {

class YamlParser {
public:
    YamlParser(std::string path, Document& document, Diagnostics& diagnostics)
        : path_(std::move(path)), document_(document), diagnostics_(diagnostics) {}

    void parse(const YAML::Node& root) {
        if (root.IsNull()) {
            return;
        }
        each(root, "the file", [&](const std::string& name, const YAML::Node& value, const Location& where) {
            if (name == "pgbouncer") {
                parse_settings(value);
            } else if (name == "databases") {
                parse_lines(Scope::kDatabase, name, value);
            } else if (name == "users") {
                parse_lines(Scope::kUser, name, value);
            } else if (name == "peers") {
                parse_lines(Scope::kPeer, name, value);
            } else if (find_setting(Scope::kGlobal, name) != nullptr) {
                diagnostics_.error(where, fmt::format("\"{}\" belongs under \"pgbouncer:\"", name));
            } else {
                const std::string_view near = nearest_name(name, {"pgbouncer", "databases", "users", "peers"});
                diagnostics_.error(
                    where, near.empty() ? fmt::format("unknown section \"{}\"", name)
                                        : fmt::format("unknown section \"{}\" (did you mean \"{}\"?)", name, near)
                );
            }
        });
    }

private:
    [[nodiscard]] Location at(const YAML::Node& node) const { return {path_, node.Mark().line + 1}; }

    /// Calls back for each entry of a map, and complains about what is none and about keys that come twice.
    template <class Callback>
    void each(const YAML::Node& map, std::string_view what, Callback&& callback) {
        if (!map.IsMap()) {
            diagnostics_.error(at(map), fmt::format("{} must be a map of names and values", what));
            return;
        }
        std::set<std::string> seen;
        for (const auto& entry : map) {
            const Location where = at(entry.first);
            if (!entry.first.IsScalar()) {
                diagnostics_.error(where, "a name must be a plain text");
            } else if (!seen.insert(entry.first.Scalar()).second) {
                diagnostics_.error(where, fmt::format("\"{}\" stands here twice", entry.first.Scalar()));
            } else {
                callback(entry.first.Scalar(), entry.second, where);
            }
        }
    }

    /// A scalar as it is written; a list joined by commas; nothing as the empty text.
    std::optional<std::string> text_of(const std::string& name, const YAML::Node& node, const Location& where) {
        std::string text;
        if (node.IsScalar()) {
            text = node.Scalar();
        } else if (node.IsSequence()) {
            for (const auto& item : node) {
                if (!item.IsScalar()) {
                    diagnostics_.error(at(item), fmt::format("{}: a list may hold plain values only", name));
                    return std::nullopt;
                }
                text += (text.empty() ? "" : ",") + item.Scalar();
            }
        } else if (!node.IsNull()) {
            diagnostics_.error(where, fmt::format("{}: expected a plain value or a list", name));
            return std::nullopt;
        }
        if (text.find('\0') != std::string::npos) {
            diagnostics_.error(where, fmt::format("{}: the value holds a zero byte", name));
            return std::nullopt;
        }
        return text;
    }

    void parse_settings(const YAML::Node& map) {
        if (map.IsNull()) {
            return;
        }
        each(map, "\"pgbouncer\"", [&](const std::string& name, const YAML::Node& value, const Location& where) {
            if (std::optional<std::string> text = text_of(name, value, where)) {
                document_.settings.push_back({name, std::move(*text), where});
            }
        });
    }

    void parse_lines(Scope scope, const std::string& section, const YAML::Node& map) {
        if (map.IsNull()) {
            return;
        }
        each(map, fmt::format("\"{}\"", section), [&](const std::string& name, const YAML::Node& value, const Location& where) {
            Line line{scope, name, {}, where};
            if (value.IsScalar()) {
                auto pairs = parse_connection_string(value.Scalar());
                if (!pairs) {
                    diagnostics_.error(where, pairs.error().message);
                    return;
                }
                for (auto& [parameter, text] : *pairs) {
                    line.parameters.push_back({std::move(parameter), std::move(text), where});
                }
            } else if (!value.IsNull()) {
                each(value, fmt::format("\"{}\"", name), [&](const std::string& parameter, const YAML::Node& node, const Location& spot) {
                    std::optional<std::string> text = text_of(parameter, node, spot);
                    if (text && text->empty()) {
                        diagnostics_.error(spot, fmt::format("{} has no value", parameter));
                    } else if (text) {
                        line.parameters.push_back({parameter, std::move(*text), spot});
                    }
                });
            }
            document_.lines.push_back(std::move(line));
        });
    }

    std::string path_;
    Document& document_;
    Diagnostics& diagnostics_;
};

}  // namespace

void parse_yaml(const std::string& path, std::string_view text, Document& document, Diagnostics& diagnostics) {
    document.files.push_back(path);
    try {
        YamlParser(path, document, diagnostics).parse(YAML::Load(std::string(text)));
    } catch (const YAML::Exception& exception) {
        diagnostics.error({path, exception.mark.is_null() ? 0 : exception.mark.line + 1}, exception.msg);
    } catch (const std::exception& exception) {
        diagnostics.error({path, 0}, exception.what());
    }
}

}  // namespace cenote::config
