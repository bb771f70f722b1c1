#include "operator/standalone/status_files.hpp"

#include "dataplane/base/log.hpp"
#include "operator/standalone/yaml_writer.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <fstream>
#include <set>

namespace cenote::standalone {
namespace {

using kube::Json;

constexpr const char* kProblems = "manifest-problems.yaml";

Json report_of(const Json& pool, const ManifestSet& manifests) {
    Json report{
        {"apiVersion", pool["apiVersion"]},
        {"kind", pool["kind"]},
        {"metadata", {{"name", kube::name_of(pool)}, {"namespace", kube::namespace_of(pool)}, {"generation", kube::generation_of(pool)}}},
        {"status", kube::object_or_empty(pool, "/status")},
    };
    if (const Manifest* manifest = manifests.find({kube::kind_of(pool), kube::object_name_of(pool)})) {
        report["manifest"]["from"] = manifest->where();
        for (const ManifestProblem& problem : manifests.problems()) {
            if (problem.file == manifest->file) {
                report["manifest"]["problems"].push_back(problem.text());
            }
        }
        if (report["manifest"].contains("problems")) {
            report["manifest"]["note"] = "the last good version of this file stays in force";
        }
    }
    return report;
}

}  // namespace

StatusFiles::StatusFiles(std::filesystem::path state_dir) : state_dir_(std::move(state_dir)) {
    std::error_code ignored;
    std::filesystem::remove_all(state_dir_ / "status", ignored);
    std::filesystem::create_directories(state_dir_ / "status", ignored);
}

void StatusFiles::put(const std::string& file, const std::string& text) {
    if (written_[file] == text) {
        return;
    }
    const std::filesystem::path path = state_dir_ / "status" / file;
    const std::filesystem::path fresh = state_dir_ / "status" / fmt::format(".{}.new", file);
    {
        std::ofstream out(fresh, std::ios::trunc | std::ios::binary);
        out << text;
        if (!out.flush()) {
            log::error("cannot write {}", fresh.string());
            return;
        }
    }
    std::error_code error;
    std::filesystem::rename(fresh, path, error);
    if (error) {
        log::error("cannot write {}: {}", path.string(), error.message());
        return;
    }
    written_[file] = text;
}

void StatusFiles::write(kube::Cluster& cluster, const ManifestSet& manifests) {
    std::map<std::string, std::string> texts;
    if (const auto pools = cluster.list(kube::kConnectionPool, {})) {
        for (const Json& pool : pools->items) {
            texts[fmt::format("{}.{}.yaml", kube::namespace_of(pool), kube::name_of(pool))] = write_yaml(report_of(pool, manifests));
        }
    }
    if (!manifests.problems().empty()) {
        Json problems = Json::array();
        for (const ManifestProblem& problem : manifests.problems()) {
            problems.push_back(problem.text());
        }
        texts[kProblems] = write_yaml({{"problems", problems}});
    }
    for (const auto& [file, text] : texts) {
        put(file, text);
    }
    std::error_code ignored;
    std::erase_if(written_, [&](const auto& entry) {
        return !texts.contains(entry.first) && (std::filesystem::remove(state_dir_ / "status" / entry.first, ignored), true);
    });
}

void StatusFiles::log_event(const kube::EventRecord& event) {
    const bool warning = event.type == kube::EventRecord::Type::kWarning;
    const std::string object = fmt::format("{} {}/{}", event.regarding.kind, event.regarding.ns, event.regarding.name);
    const std::string times = event.count > 1 ? fmt::format(" (x{})", event.count) : "";
    log::write(warning ? log::Level::kWarning : log::Level::kLog, fmt::format("{}: {}: {}{}", object, event.reason, event.note, times));
    const std::scoped_lock lock(events_);
    std::ofstream out(state_dir_ / "events.log", std::ios::app);
    out << fmt::format(
        "{:%Y-%m-%dT%H:%M:%SZ} {} {} {}: {}{}\n", fmt::gmtime(std::chrono::system_clock::now()), warning ? "Warning" : "Normal", object,
        event.reason, event.note, times
    );
}

}  // namespace cenote::standalone
