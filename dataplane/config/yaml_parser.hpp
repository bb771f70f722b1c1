// cenote.yaml -> Document. Same names as the ini form:
//   pgbouncer: {pool_mode: transaction, admin_users: [alice, bob]}
//   databases: {orders: {host: db.example, port: 5432}, "*": "host=db.example"}
//   users: {alice: {pool_size: 5}}
//   peers: {1: {host: /tmp/one}}
// yaml-cpp's types and exceptions stay in the .cpp.
#pragma once

#include "dataplane/config/diagnostics.hpp"
#include "dataplane/config/document.hpp"

#include <string>
#include <string_view>

namespace cenote::config {

void parse_yaml(const std::string& path, std::string_view text, Document& document, Diagnostics& diagnostics);

}  // namespace cenote::config
