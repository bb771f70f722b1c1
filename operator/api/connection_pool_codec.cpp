#include "operator/api/connection_pool_codec.hpp"

#include "operator/api/duration.hpp"
#include "operator/api/field_reader.hpp"
#include "operator/api/labels.hpp"
#include "operator/api/text_patterns.hpp"
#include "operator/kube/object.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace cenote::api {
namespace {

using kube::Json;
using Presence = FieldReader::Presence;

// Names of objects of the API: DNS-1123 subdomains. Texts that end up in cenote.ini hold no control characters.
constexpr TextRule kObjectName{.required = true, .min_length = 1, .max_length = 253, .pattern = &kObjectNamePattern};
constexpr TextRule kListKey{.required = true, .min_length = 1, .max_length = 63, .pattern = &kListKeyPattern};
constexpr TextRule kHost{.required = true, .min_length = 1, .max_length = 1024, .pattern = &kHostPattern};
constexpr TextRule kDatabaseName{.max_length = 63, .pattern = &kPrintablePattern};
constexpr TextRule kSettingName{.required = true, .min_length = 1, .max_length = 63, .pattern = &kSettingNamePattern};
constexpr TextRule kSettingValue{.required = true, .max_length = 1024, .pattern = &kPrintablePattern};
constexpr TextRule kDuration{.max_length = 16, .pattern = &kDurationPattern};
constexpr std::int64_t kMostPods = 1000;
constexpr std::int64_t kMostSlots = 262143;  // PostgreSQL's own limit of max_connections

void read_secret_ref(FieldReader& fields, std::string_view name, Presence presence, std::string& out) {
    fields.object(name, presence, [&](FieldReader& ref) { ref.text("name", out, kObjectName); });
}

void read_database(FieldReader& fields, DatabaseRef& out) {
    fields.text("host", out.host, kHost);
    fields.integer("port", out.port, {.minimum = 1, .maximum = 65535});
    fields.text("name", out.name, kDatabaseName);
    fields.object("credentialsSecretRef", Presence::kRequired, [&](FieldReader& ref) {
        ref.text("name", out.credentials_secret, kObjectName);
        ref.text(
            "usernameKey", out.username_key, {.min_length = 1, .max_length = 253, .pattern = &kSecretKeyPattern, .default_text = "username"}
        );
        ref.text(
            "passwordKey", out.password_key, {.min_length = 1, .max_length = 253, .pattern = &kSecretKeyPattern, .default_text = "password"}
        );
    });
    fields.object("tls", Presence::kDefaulted, [&](FieldReader& tls) {
        tls.word("mode", out.tls.mode);
        read_secret_ref(tls, "caSecretRef", Presence::kOptional, out.tls.ca_secret);
    });
}

void read_workload(FieldReader& fields, Workload& out) {
    fields.text("name", out.name, kListKey);
    WorkloadTarget target;
    const bool has_target = fields.object("target", Presence::kOptional, [&](FieldReader& inner) {
        inner.word("kind", target.kind);
        inner.text("name", target.name, kObjectName);
    });
    if (has_target) {
        out.target = target;
    }
    fields.optional_integer("replicas", out.replicas, {.minimum = 0, .maximum = 100000});
    fields.optional_integer("workers", out.workers, {.minimum = 1, .maximum = 10000});
    fields.optional_integer("threads", out.threads, {.minimum = 1, .maximum = 10000});
    if (has_target && out.replicas) {
        fields.fail("replicas", "are read from the target and followed; leave them out");
    }
    if (!has_target && (!out.workers || !out.threads)) {
        fields.fail("target", "either name a target, whose workers and threads are read, or state both workers and threads");
    }
}

void read_sizing(FieldReader& fields, Sizing& out) {
    fields.word("updateMode", out.update_mode);
    fields.integer("headroomPercent", out.headroom_percent, {.minimum = 1, .maximum = 1000});
    fields.integer("minDemand", out.min_demand, {.minimum = 1, .maximum = kMostSlots});
    fields.optional_integer("maxDemand", out.max_demand, {.minimum = 1, .maximum = kMostSlots});
    fields.optional_integer("maxServerConnections", out.max_server_connections, {.minimum = 1, .maximum = kMostSlots});
    fields.integer("reserveForDirect", out.reserve_for_direct, {.minimum = 0, .maximum = kMostSlots});
    if (out.max_demand && *out.max_demand < out.min_demand) {
        fields.fail("maxDemand", fmt::format("{} is below minDemand {}", *out.max_demand, out.min_demand));
    }
}

void read_pod(FieldReader& fields, Pod& out) {
    fields.text("image", out.image, {.max_length = 512, .pattern = &kImagePattern});
    fields.text("imagePullPolicy", out.image_pull_policy, {.max_length = 16, .pattern = &kPullPolicyPattern});
    fields.list("imagePullSecrets", out.image_pull_secrets, 16, [](FieldReader& item, std::string& name) {
        item.text("name", name, kObjectName);
    });
    fields.opaque("resources", out.resources, "object");
    fields.opaque("nodeSelector", out.node_selector, "object");
    fields.opaque("affinity", out.affinity, "object");
    fields.opaque("tolerations", out.tolerations, "array", 64);
    fields.opaque("topologySpreadConstraints", out.topology_spread_constraints, "array", 16);
    fields.opaque("env", out.env, "array", 128);
    fields.opaque("labels", out.labels, "object");
    fields.opaque("annotations", out.annotations, "object");
    fields.text("priorityClassName", out.priority_class_name, {.max_length = 253});
    fields.text("runtimeClassName", out.runtime_class_name, {.max_length = 253});
}

template <class T, class Key>
void refuse_duplicates(FieldReader& fields, std::string_view list, const std::vector<T>& items, Key key) {
    std::set<std::string> seen;
    for (const T& item : items) {
        if (!key(item).empty() && !seen.insert(key(item)).second) {
            fields.fail(list, fmt::format("\"{}\" is there twice", key(item)));
        }
    }
}

void read_spec(FieldReader& fields, Spec& out) {
    fields.object("database", Presence::kRequired, [&](FieldReader& inner) { read_database(inner, out.database); });
    fields.list("workloads", out.workloads, 64, read_workload);
    refuse_duplicates(fields, "workloads", out.workloads, [](const Workload& w) { return w.name; });
    fields.object("sizing", Presence::kDefaulted, [&](FieldReader& inner) { read_sizing(inner, out.sizing); });
    fields.word("poolMode", out.pool_mode);
    fields.list("settings", out.settings, 128, [](FieldReader& item, Setting& setting) {
        item.text("name", setting.name, kSettingName);
        item.text("value", setting.value, kSettingValue);
    });
    refuse_duplicates(fields, "settings", out.settings, [](const Setting& s) { return s.name; });
    fields.object("auth", Presence::kOptional, [&](FieldReader& auth) {
        read_secret_ref(auth, "usersSecretRef", Presence::kOptional, out.users_secret);
    });
    fields.integer("replicas", out.replicas, {.minimum = 0, .maximum = kMostPods});
    fields.object("drain", Presence::kDefaulted, [&](FieldReader& drain) {
        std::string text = write_duration(out.drain_timeout);
        TextRule rule = kDuration;
        rule.default_text = text;
        drain.text("timeout", text, rule);
        const auto parsed = parse_duration(text);
        if (!parsed || *parsed < std::chrono::seconds{1} || *parsed > std::chrono::hours{1}) {
            drain.fail("timeout", "must be between 1s and 1h");
        } else {
            out.drain_timeout = *parsed;
        }
    });
    fields.object("pod", Presence::kOptional, [&](FieldReader& inner) { read_pod(inner, out.pod); });
    fields.object("monitoring", Presence::kDefaulted, [&](FieldReader& inner) { inner.word("podMonitor", out.pod_monitor); });
    fields.word("state", out.state);
}

constexpr TextRule kStatusText{.max_length = 32768};
constexpr IntRule kCount{.minimum = 0, .maximum = std::numeric_limits<std::int64_t>::max()};

void read_condition(FieldReader& fields, Condition& out) {
    fields.text("type", out.type, {.required = true, .max_length = 316});
    fields.word("status", out.status, true);
    fields.text("reason", out.reason, {.required = true, .max_length = 1024});
    fields.text("message", out.message, {.required = true, .max_length = 32768});
    fields.integer("observedGeneration", out.observed_generation, kCount);
    fields.text("lastTransitionTime", out.last_transition_time, {.required = true, .max_length = 64});
}

void read_status(FieldReader& fields, Status& out) {
    fields.integer("observedGeneration", out.observed_generation, {.minimum = -1, .maximum = kCount.maximum});
    fields.integer("replicas", out.replicas, kCount);
    fields.integer("readyReplicas", out.ready_replicas, kCount);
    fields.text("selector", out.selector, kStatusText);
    fields.text("endpoint", out.endpoint, kStatusText);
    fields.text("configHash", out.config_hash, kStatusText);
    SizingStatus sizing;
    const bool has_sizing = fields.object("sizing", Presence::kOptional, [&](FieldReader& inner) {
        inner.integer("demand", sizing.demand, kCount);
        inner.integer("appliedDemand", sizing.applied_demand, kCount);
        inner.integer("granted", sizing.granted, kCount);
        inner.integer("perPod", sizing.per_pod, kCount);
        inner.word("limitedBy", sizing.limited_by);
        inner.text("message", sizing.message, kStatusText);
        inner.text("explanation", sizing.explanation, kStatusText);
        inner.list("workloads", sizing.workloads, 1024, [](FieldReader& item, WorkloadStatus& w) {
            item.text("name", w.name, kStatusText);
            item.integer("replicas", w.replicas, kCount);
            item.integer("workers", w.workers, kCount);
            item.integer("threads", w.threads, kCount);
            item.text("source", w.source, kStatusText);
        });
    });
    if (has_sizing) {
        out.sizing = std::move(sizing);
    }
    DatabaseStatus database;
    const bool has_database = fields.object("database", Presence::kOptional, [&](FieldReader& inner) {
        inner.text("version", database.version, kStatusText);
        inner.integer("maxConnections", database.max_connections, kCount);
        inner.integer("reserved", database.reserved, kCount);
        inner.integer("available", database.available, kCount);
    });
    if (has_database) {
        out.database = std::move(database);
    }
    fields.list("conditions", out.conditions, 32, read_condition);
}

template <class T, class Read>
Result<T> read_whole(const Json& object, std::string path, Read read) {
    if (!object.is_object()) {
        return Error{fmt::format("{}: must be an object", path)};
    }
    T value;
    std::vector<std::string> errors;
    FieldReader fields{object, std::move(path), errors, nullptr};
    read(fields, value);
    fields.finish();
    if (!errors.empty()) {
        return Error{fmt::format("{}", fmt::join(errors, "; "))};
    }
    return value;
}

void put(Json& object, const char* name, const std::string& text) {
    if (!text.empty()) {
        object[name] = text;
    }
}

Json write_sizing(const SizingStatus& sizing) {
    Json workloads = Json::array();
    for (const WorkloadStatus& w : sizing.workloads) {
        workloads.push_back(
            {{"name", w.name}, {"replicas", w.replicas}, {"workers", w.workers}, {"threads", w.threads}, {"source", w.source}}
        );
    }
    Json json{
        {"demand", sizing.demand},
        {"appliedDemand", sizing.applied_demand},
        {"granted", sizing.granted},
        {"perPod", sizing.per_pod},
        {"workloads", std::move(workloads)}
    };
    json["limitedBy"] = to_string(sizing.limited_by);
    put(json, "message", sizing.message);
    put(json, "explanation", sizing.explanation);
    return json;
}

}  // namespace

Result<ConnectionPool> parse_connection_pool(const Json& object) {
    if (kube::api_version_of(object) != kApiVersion || kube::kind_of(object) != kKind) {
        return Error{fmt::format(
            "apiVersion: must be {} and kind {}, not {} {}", kApiVersion, kKind, kube::api_version_of(object), kube::kind_of(object)
        )};
    }
    for (const auto& [key, value] : object.items()) {
        if (key != "apiVersion" && key != "kind" && key != "metadata" && key != "spec" && key != "status") {
            return Error{fmt::format("{}: unknown field", key)};
        }
    }
    ConnectionPool pool;
    pool.namespace_ = kube::namespace_of(object);
    pool.name = kube::name_of(object);
    pool.uid = kube::uid_of(object);
    pool.generation = kube::generation_of(object);
    pool.deleting = kube::is_being_deleted(object);
    // The Service is named after the pool, so the pool's name must be a DNS-1035 label.
    const bool starts_well = !pool.name.empty() && pool.name.front() >= 'a' && pool.name.front() <= 'z' && pool.name.back() != '-';
    const bool spelled_well = std::all_of(pool.name.begin(), pool.name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!starts_well || !spelled_well || pool.name.size() > 63) {
        return Error{
            fmt::format("metadata.name: \"{}\" must be at most 63 lower-case letters, digits and '-', and start with a letter", pool.name)
        };
    }
    const Json* spec = kube::find(object, "/spec");
    if (spec == nullptr) {
        return Error{"spec: is required"};
    }
    auto parsed = parse_spec(*spec);
    if (!parsed) {
        return std::move(parsed).error();
    }
    pool.spec = *std::move(parsed);
    if (const Json* status = kube::find(object, "/status")) {
        if (auto read = parse_status(*status)) {
            pool.status = *std::move(read);
        }
    }
    return pool;
}

Result<Spec> parse_spec(const Json& spec) { return read_whole<Spec>(spec, "spec", read_spec); }

Result<Status> parse_status(const Json& json) {
    if (!json.is_object()) {
        return Error{"status: must be an object"};
    }
    Status status;
    std::vector<std::string> ignored;
    FieldReader fields{json, "status", ignored, nullptr};
    read_status(fields, status);
    return status;
}

Json write_status(const Status& status) {
    Json json{{"observedGeneration", status.observed_generation}, {"replicas", status.replicas}, {"readyReplicas", status.ready_replicas}};
    put(json, "selector", status.selector);
    put(json, "endpoint", status.endpoint);
    put(json, "configHash", status.config_hash);
    if (status.sizing) {
        json["sizing"] = write_sizing(*status.sizing);
    }
    if (status.database) {
        Json& database = json["database"];
        database = {
            {"maxConnections", status.database->max_connections},
            {"reserved", status.database->reserved},
            {"available", status.database->available}
        };
        put(database, "version", status.database->version);
    }
    for (const Condition& c : status.conditions) {
        json["conditions"].push_back(
            {{"type", c.type},
             {"status", to_string(c.status)},
             {"reason", c.reason},
             {"message", c.message},
             {"observedGeneration", c.observed_generation},
             {"lastTransitionTime", c.last_transition_time}}
        );
    }
    return json;
}

Catalogue catalogue() {
    Catalogue result;
    std::vector<std::string> errors;
    const Json nothing = Json::object();
    Spec spec;
    FieldReader spec_fields{nothing, "spec", errors, &result};
    read_spec(spec_fields, spec);
    Status status;
    FieldReader status_fields{nothing, "status", errors, &result};
    read_status(status_fields, status);
    return result;
}

}  // namespace cenote::api
