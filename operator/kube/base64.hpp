// Base64 as Secrets and kubeconfig files carry it (RFC 4648, section 4). Pure.
#pragma once

#include "dataplane/base/result.hpp"

#include <string>
#include <string_view>

namespace cenote::kube {

[[nodiscard]] std::string encode_base64(std::string_view bytes);
/// White space is skipped; anything else that is not base64 is an error.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text);

}  // namespace cenote::kube
