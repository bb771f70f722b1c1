#include "operator/runtime/label_selector.hpp"

#include "operator/kube/object.hpp"

#include <algorithm>
#include <utility>

namespace cenote::runtime {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

// Cuts at commas outside parentheses.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (text[i] == ',' && depth == 0) {
            parts.push_back(trim(text.substr(begin, i - begin)));
            begin = i + 1;
        }
    }
    parts.push_back(trim(text.substr(begin)));
    return parts;
}

bool is_word(std::string_view text) { return text.find_first_of(" ()=!,") == std::string_view::npos; }

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector selector;
    if (trim(text).empty()) {
        return selector;
    }
    for (const std::string_view part : split(text)) {
        auto requirement = parse_requirement(part);
        if (!requirement) {
            return std::move(requirement).error();
        }
        selector.requirements_.push_back(std::move(*requirement));
    }
    return selector;
}

Result<LabelSelector::Requirement> LabelSelector::parse_requirement(std::string_view text) {
    using Kind = Requirement::Kind;
    const Error malformed{fmt::format("label selector: cannot read \"{}\"", text)};
    const auto make = [&](Kind kind, std::string_view key, std::vector<std::string> values) -> Result<Requirement> {
        const bool good =
            !key.empty() && is_word(key) && std::all_of(values.begin(), values.end(), [](const auto& value) { return is_word(value); });
        return good ? Result<Requirement>(Requirement{kind, std::string(key), std::move(values)}) : Result<Requirement>(malformed);
    };
    for (const auto& [word, kind] :
         {std::pair{std::string_view(" notin "), Kind::kNotIn}, std::pair{std::string_view(" in "), Kind::kIn}}) {
        if (const auto at = text.find(word); at != std::string_view::npos) {
            const std::string_view set = trim(text.substr(at + word.size()));
            if (set.size() < 2 || set.front() != '(' || set.back() != ')') {
                return malformed;
            }
            std::vector<std::string> values;
            for (const std::string_view value : split(set.substr(1, set.size() - 2))) {
                values.emplace_back(value);
            }
            return make(kind, trim(text.substr(0, at)), std::move(values));
        }
    }
    if (const auto at = text.find("!="); at != std::string_view::npos && at > 0) {
        return make(Kind::kNotIn, trim(text.substr(0, at)), {std::string(trim(text.substr(at + 2)))});
    }
    if (const auto at = text.find('='); at != std::string_view::npos) {
        const std::size_t width = text.substr(at).starts_with("==") ? 2 : 1;
        return make(Kind::kIn, trim(text.substr(0, at)), {std::string(trim(text.substr(at + width)))});
    }
    if (text.starts_with('!')) {
        return make(Kind::kAbsent, trim(text.substr(1)), {});
    }
    return make(Kind::kExists, text, {});
}

bool LabelSelector::matches(const kube::Json& object) const {
    const kube::Json& labels = kube::object_or_empty(object, "/metadata/labels");
    return std::all_of(requirements_.begin(), requirements_.end(), [&labels](const Requirement& wanted) {
        const auto it = labels.find(wanted.key);
        const bool present = it != labels.end() && it->is_string();
        const bool listed =
            present && std::find(wanted.values.begin(), wanted.values.end(), it->get_ref<const std::string&>()) != wanted.values.end();
        switch (wanted.kind) {
            case Requirement::Kind::kIn:
                return listed;
            case Requirement::Kind::kNotIn:
                return !listed;  // an object without the label is not in the set
            case Requirement::Kind::kExists:
                return present;
            case Requirement::Kind::kAbsent:
                return !present;
        }
        return false;
    });
}

}  // namespace cenote::runtime
