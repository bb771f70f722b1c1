// HttpTransport over cpprestsdk. That library is archived upstream: its types stay inside the .cpp, so that another transport can take its
// place.
#pragma once

#include "operator/kube/http_transport.hpp"
#include "operator/kube/kube_config.hpp"

#include <chrono>
#include <memory>

namespace cenote::kube {

struct TransportOptions {
    std::chrono::seconds request_timeout{30};
};

[[nodiscard]] Result<std::unique_ptr<HttpTransport>> make_cpprest_transport(const ClusterAccess& access, TransportOptions options = {});

}  // namespace cenote::kube
