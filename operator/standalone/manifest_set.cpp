#include "operator/standalone/manifest_set.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cenote::standalone {

const Manifest* ManifestSet::find(const ObjectKey& key) const {
    const auto at = objects_.find(key);
    return at == objects_.end() ? nullptr : &at->second.manifest;
}

std::vector<Manifest> ManifestSet::objects_of(const std::string& file) const {
    std::vector<Manifest> out;
    for (const auto& [key, object] : objects_) {
        if (object.manifest.file == file) {
            out.push_back(object.manifest);
        }
    }
    return out;
}

void ManifestSet::read_files(const std::map<std::string, std::string>& files) {
    std::erase_if(files_, [&files](const auto& entry) { return !files.contains(entry.first); });
    for (const auto& [name, text] : files) {
        const auto known = files_.find(name);
        if (known != files_.end() && known->second.text == text) {
            continue;
        }
        File& file = files_[name];
        file.text = text;
        ManifestFile read = read_manifests(name, text);
        file.problems = std::move(read.problems);
        if (file.problems.empty()) {
            file.good = std::move(read.manifests);
        }
    }
}

std::map<ObjectKey, Manifest> ManifestSet::wanted(std::vector<ManifestProblem>& problems) const {
    std::map<ObjectKey, Manifest> out;
    for (const auto& [name, file] : files_) {
        problems.insert(problems.end(), file.problems.begin(), file.problems.end());
        for (const Manifest& manifest : file.good) {
            const auto [at, fresh] = out.emplace(ObjectKey{std::string(manifest.type->kind), manifest.name}, manifest);
            if (!fresh) {
                problems.push_back(
                    {name, manifest.line,
                     fmt::format("{} {} is already given in {}", manifest.type->kind, manifest.name.to_string(), at->second.where())}
                );
            }
        }
    }
    return out;
}

ManifestSet::Changes ManifestSet::look(const std::map<std::string, std::string>& files, TimePoint now) {
    read_files(files);
    std::vector<ManifestProblem> problems;
    std::map<ObjectKey, Manifest> want = wanted(problems);

    Changes changes;
    for (auto at = objects_.begin(); at != objects_.end();) {
        Object& object = at->second;
        if (want.contains(at->first)) {
            object.vanished.reset();
            ++at;
            continue;
        }
        object.vanished = object.vanished.value_or(now);
        const TimePoint gone = *object.vanished + kGoneForGood;
        if (now < gone) {
            changes.look_again = std::min(changes.look_again.value_or(gone), gone);
            ++at;
            continue;
        }
        changes.removed.push_back(std::move(object.manifest));
        at = objects_.erase(at);
    }
    for (auto& [key, manifest] : want) {
        const auto known = objects_.find(key);
        if (known == objects_.end() || known->second.manifest.object != manifest.object) {
            changes.changed.push_back(manifest);
        }
        objects_[key] = {std::move(manifest), std::nullopt};
    }
    const auto missing_from = [](const std::vector<ManifestProblem>& list) {
        return [&list](const ManifestProblem& problem) { return std::find(list.begin(), list.end(), problem) == list.end(); };
    };
    std::copy_if(problems.begin(), problems.end(), std::back_inserter(changes.new_problems), missing_from(problems_));
    std::copy_if(problems_.begin(), problems_.end(), std::back_inserter(changes.solved), missing_from(problems));
    problems_ = std::move(problems);
    return changes;
}

}  // namespace cenote::standalone
