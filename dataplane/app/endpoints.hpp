// HTTP: /metrics, /healthz, /readyz, /status. Owned by the application. The handlers run on the HTTP server's thread and read what any
// thread may read.
#pragma once

#include "dataplane/app/current_runtime.hpp"
#include "dataplane/app/phase.hpp"
#include "dataplane/app/staff.hpp"
#include "dataplane/http/server.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace cenote::app {

class Endpoints {
public:
    Endpoints(Staff staff, const CurrentRuntime& runtime, const CurrentPhase& phase)
        : staff_(staff), process_(staff.process), runtime_(runtime), phase_(phase) {}

    /// A port that is taken is a warning only: a second pooler on one machine shall still pool.
    void open();
    void close() { server_.reset(); }

private:
    [[nodiscard]] http::Response respond(const http::Request& request) const;
    [[nodiscard]] std::string metrics_text() const;
    [[nodiscard]] std::string status_json() const;

    Staff staff_;
    registry::Process& process_;
    const CurrentRuntime& runtime_;
    const CurrentPhase& phase_;
    const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
    std::unique_ptr<http::Server> server_;
};

}  // namespace cenote::app
