// What the console shows of one worker's connections. Collected in slices, a turn of the loop between two: ten thousand clients must not
// hold up a query.
#pragma once

#include "dataplane/admin/rows.hpp"
#include "dataplane/worker/client.hpp"
#include "dataplane/worker/server.hpp"

namespace cenote::worker {

[[nodiscard]] admin::ClientRow row_of(const Client& client, TimePoint now, admin::WallTime wall);
[[nodiscard]] admin::ServerRow row_of(const Server& server, TimePoint now, admin::WallTime wall);

}  // namespace cenote::worker
