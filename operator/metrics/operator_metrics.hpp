// The operator's metrics under controller-runtime's names, so that dashboards made for Go controllers work, and gauges of every pool.
// prometheus-cpp stays in the .cpp. Any thread.
#pragma once

#include "operator/controller/pool_reconciler.hpp"
#include "operator/runtime/metrics_hooks.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace cenote::metrics {

class OperatorMetrics final : public runtime::MetricsHooks, public controller::PoolWatcher {
public:
    explicit OperatorMetrics(const std::string& version);
    ~OperatorMetrics() override;

    /// Prometheus text format 0.0.4.
    [[nodiscard]] std::string text() const;

    // runtime::MetricsHooks
    void controller_started(std::string_view controller, std::size_t max_concurrent) override;
    void reconcile_started(std::string_view controller) override;
    void reconcile_finished(std::string_view controller, std::string_view result, Seconds took) override;
    void reconcile_terminal_error(std::string_view controller) override;
    void reconcile_panicked(std::string_view controller) override;
    void queue_depth(std::string_view name, std::size_t depth) override;
    void queue_added(std::string_view name) override;
    void queue_waited(std::string_view name, Seconds in_queue) override;
    void queue_worked(std::string_view name, Seconds in_hand) override;
    void queue_retried(std::string_view name) override;
    void leader_changed(std::string_view lease, bool leading) override;

    // controller::PoolWatcher
    void pool_seen(const kube::ObjectName& pool, const api::Status& status) override;
    void pool_gone(const kube::ObjectName& pool) override;

    /// For kube::ApiClientOptions::on_request.
    void request_done(std::string_view code, std::string_view method, std::string_view host, std::chrono::duration<double> took);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace cenote::metrics
