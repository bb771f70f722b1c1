#include "operator/kube/watch_decoder.hpp"

#include <utility>

namespace cenote::kube {
namespace {

using Type = WatchEvent::Type;

std::optional<Type> event_type(std::string_view name) {
    if (name == "ADDED") {
        return Type::kAdded;
    }
    if (name == "MODIFIED") {
        return Type::kModified;
    }
    if (name == "DELETED") {
        return Type::kDeleted;
    }
    return name == "BOOKMARK" ? std::optional(Type::kBookmark) : std::nullopt;
}

std::optional<ApiError> decode_line(std::string_view line, std::vector<WatchEvent>& events) {
    if (line.find_first_not_of(" \r\t") == std::string_view::npos) {
        return std::nullopt;
    }
    auto parsed = parse_json(line);
    if (!parsed) {
        return make_api_error(ApiError::Kind::kOther, "watch: " + parsed.error().message);
    }
    const std::string name = string_or(*parsed, "/type");
    const Json* object = find(*parsed, "/object");
    if (object == nullptr || !object->is_object()) {
        return make_api_error(ApiError::Kind::kOther, "watch: a line without an object");
    }
    if (name == "ERROR") {
        return make_api_error(*object);
    }
    const auto type = event_type(name);
    if (!type) {
        return make_api_error(ApiError::Kind::kOther, "watch: unknown event type \"" + name + "\"");
    }
    events.push_back({*type, std::move((*parsed)["object"])});
    return std::nullopt;
}

}  // namespace

std::optional<ApiError> WatchDecoder::feed(std::string_view chunk, std::vector<WatchEvent>& events) {
    while (!chunk.empty()) {
        const auto end = chunk.find('\n');
        const std::string_view part = chunk.substr(0, end);
        if (line_.size() + part.size() > max_line_) {
            return make_api_error(ApiError::Kind::kOther, fmt::format("watch: an event of more than {} bytes", max_line_));
        }
        if (end == std::string_view::npos) {
            line_ += part;
            return std::nullopt;
        }
        chunk.remove_prefix(end + 1);
        std::optional<ApiError> error;
        if (line_.empty()) {
            error = decode_line(part, events);
        } else {
            line_ += part;
            error = decode_line(line_, events);
            line_.clear();
        }
        if (error) {
            return error;
        }
    }
    return std::nullopt;
}

}  // namespace cenote::kube
