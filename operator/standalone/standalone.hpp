// Standalone mode: a directory of manifests as the cluster, this machine as its only node. Owns the cluster's memory, the thread that reads
// the manifests and writes the status files, and the node that runs the pools.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/standalone/manifest_directory.hpp"
#include "operator/standalone/manifest_set.hpp"
#include "operator/standalone/memory_cluster.hpp"
#include "operator/standalone/node.hpp"
#include "operator/standalone/status_files.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace cenote::standalone {

struct StandaloneOptions {
    std::filesystem::path directory;
    std::filesystem::path state_dir;  // "" = DIR/.cenote
    std::string program = "cenote";
    std::string listen_addr = "127.0.0.1";
};

class Standalone {
public:
    /// Reads the manifests once; an error when the directory cannot be used, or another operator uses the state directory.
    [[nodiscard]] static Result<std::unique_ptr<Standalone>> open(StandaloneOptions options);
    ~Standalone();
    Standalone(const Standalone&) = delete;
    Standalone& operator=(const Standalone&) = delete;

    [[nodiscard]] kube::Cluster& cluster() noexcept { return cluster_; }
    void start();
    /// Ends all pods, writes the last status. The controllers must have stopped.
    void stop();

private:
    Standalone(StandaloneOptions options, ManifestDirectory directory, int lock);
    void run();
    void look(TimePoint now);
    void report(const ManifestProblem& problem);
    void wake() noexcept;

    StandaloneOptions options_;
    MemoryCluster cluster_;
    ManifestDirectory directory_;
    ManifestSet manifests_;
    StatusFiles status_;
    Node node_;
    int lock_;
    int wake_fd_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace cenote::standalone
