#include "operator/kube/api_client.hpp"
#include "operator/kube/cpprest_transport.hpp"
#include "operator/kube/files.hpp"
#include "operator/kube/kube_config.hpp"

namespace cenote::kube {

Result<std::unique_ptr<ApiClient>> connect(const ClusterAccess& access, ApiClientOptions options, std::chrono::seconds request_timeout) {
    auto transport = make_cpprest_transport(access, {.request_timeout = request_timeout});
    if (!transport) {
        return std::move(transport).error();
    }
    auto tokens = std::make_unique<TokenSource>(access.token_file, access.token, &read_file);
    return std::make_unique<ApiClient>(std::move(*transport), std::move(tokens), std::move(options));
}

}  // namespace cenote::kube
