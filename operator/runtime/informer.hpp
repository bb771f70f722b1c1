// Keeps an ObjectStore equal to the cluster's objects of one type, and tells its handlers what changed. Owns one thread, which lists,
// watches and lists again as ReflectorFsm says. Handlers run in that thread, one change after the other, and must not block.
#pragma once

#include "operator/kube/cluster.hpp"
#include "operator/runtime/object_store.hpp"
#include "operator/runtime/reflector_fsm.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cenote::runtime {

struct InformerOptions {
    kube::ResourceType type;
    std::string ns;              // "" = all namespaces
    std::string label_selector;  // "" = all
    std::string field_selector;

    bool operator==(const InformerOptions&) const = default;
};

class Informer {
public:
    using Handler = std::function<void(const ObjectChange&)>;

    Informer(kube::Cluster& cluster, InformerOptions options);
    ~Informer();
    Informer(const Informer&) = delete;
    Informer& operator=(const Informer&) = delete;

    /// Before start().
    void add_handler(Handler handler);
    void start();
    /// Ends the watch and joins the thread; no handler runs after it.
    void stop();

    /// The first list has been stored and told to the handlers.
    [[nodiscard]] bool has_synced() const;
    [[nodiscard]] bool wait_for_sync(std::chrono::milliseconds timeout) const;
    [[nodiscard]] const ObjectStore& store() const { return store_; }
    [[nodiscard]] const InformerOptions& options() const { return options_; }
    /// Lists stored so far; a test sees a relist by it.
    [[nodiscard]] std::uint64_t lists_done() const { return lists_done_; }

private:
    struct Sync;

    void run(const std::stop_token& stop);
    [[nodiscard]] ReflectorFsm::Step list(ReflectorFsm& fsm, const ReflectorFsm::Step& step);
    [[nodiscard]] ReflectorFsm::Step watch(ReflectorFsm& fsm, const ReflectorFsm::Step& step, const std::stop_token& stop);
    void on_list(std::vector<kube::Json> items);
    void on_event(kube::WatchEvent event);
    void tell(const std::vector<ObjectChange>& changes) const;

    kube::Cluster& cluster_;
    InformerOptions options_;
    std::vector<Handler> handlers_;
    ObjectStore store_;
    std::unique_ptr<Sync> sync_;
    std::atomic<std::uint64_t> lists_done_{0};
    std::jthread thread_;
};

}  // namespace cenote::runtime
