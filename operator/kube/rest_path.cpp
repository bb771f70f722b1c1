#include "operator/kube/rest_path.hpp"

#include <ctime>

namespace cenote::kube {
namespace {

class Query {
public:
    explicit Query(std::string path) : target_(std::move(path)) {}
    Query& add(std::string_view name, std::string_view value) {
        if (!value.empty()) {
            target_ += fmt::format("{}{}={}", separator_, name, percent_encode(value));
            separator_ = '&';
        }
        return *this;
    }
    [[nodiscard]] std::string take() { return std::move(target_); }

private:
    std::string target_;
    char separator_ = '?';
};

}  // namespace

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool unreserved =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (unreserved) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

std::string collection_path(const ResourceType& type, std::string_view ns) {
    const std::string root =
        type.group.empty() ? fmt::format("/api/{}", type.version) : fmt::format("/apis/{}/{}", type.group, type.version);
    return type.namespaced && !ns.empty() ? fmt::format("{}/namespaces/{}/{}", root, percent_encode(ns), type.plural)
                                          : fmt::format("{}/{}", root, type.plural);
}

std::string object_path(const ResourceType& type, const ObjectName& name, std::string_view subresource) {
    return fmt::format("{}/{}{}{}", collection_path(type, name.ns), percent_encode(name.name), subresource.empty() ? "" : "/", subresource);
}

std::string list_target(const ResourceType& type, const ListOptions& options, int limit, std::string_view continue_token) {
    return Query(collection_path(type, options.ns))
        .add("labelSelector", options.label_selector)
        .add("fieldSelector", options.field_selector)
        .add("resourceVersion", options.resource_version)
        .add("limit", limit > 0 ? std::to_string(limit) : "")
        .add("continue", continue_token)
        .take();
}

std::string watch_target(const ResourceType& type, const WatchOptions& options) {
    return Query(collection_path(type, options.ns))
        .add("watch", "1")
        .add("allowWatchBookmarks", "true")
        .add("labelSelector", options.label_selector)
        .add("fieldSelector", options.field_selector)
        .add("resourceVersion", options.resource_version)
        .add("timeoutSeconds", std::to_string(options.timeout.count()))
        .take();
}

std::string micro_time(std::chrono::system_clock::time_point time) {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(micros);
    const std::time_t whole = seconds.count();
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
        (micros - seconds).count()
    );
}

}  // namespace cenote::kube
