// ConnectionPool from and to JSON. Strict: an unknown or mistyped field, a missing required one, a number out of the schema's range is an
// Error that names the path ("spec.sizing.headroomPercent: must be between 1 and 1000, not 0"). In standalone mode no API server stands
// in front, so the schema's rules and defaults are enforced here too; crds/ and this file are compared by a test. Pure.
#pragma once

#include "dataplane/base/result.hpp"
#include "operator/api/connection_pool.hpp"
#include "operator/api/field_reader.hpp"
#include "operator/kube/json.hpp"

namespace cenote::api {

/// The whole object: apiVersion, kind, metadata, spec and, if there, status. A status that cannot be read is taken as empty (it is ours to
/// write).
[[nodiscard]] Result<ConnectionPool> parse_connection_pool(const kube::Json& object);

[[nodiscard]] Result<Spec> parse_spec(const kube::Json& spec);
[[nodiscard]] Result<Status> parse_status(const kube::Json& status);

/// Only what is set: empty texts and absent parts are left out, so that comparing two statuses as JSON is fair.
[[nodiscard]] kube::Json write_status(const Status& status);

/// Every field the codec reads, with its rule. For the test that holds it to the schema.
[[nodiscard]] Catalogue catalogue();

}  // namespace cenote::api
