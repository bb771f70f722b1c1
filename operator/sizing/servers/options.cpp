#include "operator/sizing/rule.hpp"
#include "operator/sizing/servers/server.hpp"

#include <fmt/format.h>

#include <charconv>

namespace cenote::sizing {

std::optional<OptionValue> last_option(std::span<const Word> arguments, std::span<const std::string_view> names) {
    std::optional<OptionValue> last;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Word& word = arguments[i];
        for (const std::string_view name : names) {
            const bool is_long = name.starts_with("--");
            if (word.text == name) {
                const bool has_value = i + 1 < arguments.size();
                const std::string value = has_value ? arguments[i + 1].text : "";
                last = OptionValue{value, fmt::format("{} {} {}", word.place, name, Unknowns::has_mark(value) ? "…" : value)};
                i += has_value ? 1U : 0U;
                break;
            }
            if (!word.text.starts_with(name) || (is_long && word.text[name.size()] != '=')) {
                continue;
            }
            std::string value = word.text.substr(name.size());
            if (value.starts_with('=')) {
                value.erase(0, 1);
            }
            last = OptionValue{value, fmt::format("{} {}", word.place, Unknowns::has_mark(word.text) ? std::string{name} : word.text)};
            break;
        }
    }
    return last;
}

Found known(std::int64_t value, std::string source) { return {value, std::move(source), {}}; }

Found not_known(std::string reason) { return {0, {}, std::move(reason)}; }

Found by_default(std::int64_t value, std::string_view what, std::string_view server) {
    return known(value, fmt::format("{}: {}{}", what, server, kDefaultOf));
}

Found to_number(const std::string& text, const std::string& shown, const Unknowns& unknowns, std::int64_t least) {
    if (Unknowns::has_mark(text)) {
        return not_known(fmt::format("{}: {}", shown, unknowns.reason(text)));
    }
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value < least || value > 10000) {
        return not_known(fmt::format("{}: \"{}\" is not a number from {} to 10000", shown, text, least));
    }
    return known(value, shown);
}

std::optional<Found> number_from_environment(
    const ContainerEnvironment& environment, std::string_view name, const Unknowns& unknowns, std::int64_t least
) {
    const EnvironmentValue* value = environment.find(name);
    if (value == nullptr) {
        return environment.may_hide().empty() ? std::nullopt : std::optional{not_known(fmt::format("{} {}", name, environment.may_hide()))};
    }
    const std::string shown = Unknowns::has_mark(value->text) ? value->source : fmt::format("{}={}", value->source, value->text);
    return to_number(value->text, shown, unknowns, least);
}

std::optional<Found> first_of_environment(const Invocation& call, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (call.environment.find(name) != nullptr) {
            return number_from_environment(call.environment, name, call.unknowns);
        }
    }
    return number_from_environment(call.environment, *names.begin(), call.unknowns);  // absent, or hidden by what is not read
}

Found own_pool(std::string_view what) {
    return not_known(fmt::format(
        "{}: an asynchronous worker opens as many connections as the application's own pool allows; state threads as that number", what
    ));
}

}  // namespace cenote::sizing
