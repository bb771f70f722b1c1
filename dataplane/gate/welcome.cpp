#include "dataplane/gate/welcome.hpp"

#include "dataplane/admin/show.hpp"
#include "dataplane/protocol/error_response.hpp"
#include "dataplane/protocol/message_type.hpp"
#include "dataplane/protocol/message_writer.hpp"

namespace cenote::gate {
namespace {

void write_authentication_ok(protocol::MessageWriter& out, std::string_view final_payload) {
    if (!final_payload.empty()) {
        out.message(protocol::backend::kAuthentication, final_payload);
    }
    out.message(protocol::backend::kAuthentication, std::string_view("\0\0\0\0", 4));
}

void write_key_and_ready(protocol::MessageWriter& out, CancelKey key) {
    out.begin(protocol::backend::kBackendKeyData);
    out.int32(key.process_id);
    out.int32(key.secret);
    out.end();
    protocol::write_ready_for_query(out, 'I');
}

}  // namespace

std::string write_login_end(
    std::string_view final_payload, const std::vector<std::pair<std::string, std::string>>& reported, const session::TrackedNames& tracked,
    const session::ParameterSet& asked, CancelKey key
) {
    protocol::MessageWriter out;
    write_authentication_ok(out, final_payload);
    for (const auto& [name, value] : reported) {
        const int index = tracked.index_of(name);
        const auto place = static_cast<std::size_t>(index);
        const bool named = index >= 0 && place < asked.values.size() && !asked.values[place].empty();
        protocol::write_parameter_status(out, name, named ? asked.values[place] : value);
    }
    write_key_and_ready(out, key);
    return out.take();
}

session::Parameters parameters_of_client(
    const std::vector<std::pair<std::string, std::string>>& reported, const session::TrackedNames& tracked,
    const session::ParameterSet& asked
) {
    auto set = std::make_shared<session::ParameterSet>(asked);
    set->values.resize(tracked.names().size());
    for (const auto& [name, value] : reported) {
        if (const int index = tracked.index_of(name); index >= 0 && set->values[static_cast<std::size_t>(index)].empty()) {
            set->values[static_cast<std::size_t>(index)] = value;
        }
    }
    return set;
}

std::string write_console_login_end(std::string_view final_payload, std::string_view version_number, CancelKey key) {
    protocol::MessageWriter out;
    write_authentication_ok(out, final_payload);
    for (const auto& [name, value] : admin::welcome_parameters(version_number)) {
        protocol::write_parameter_status(out, name, value);
    }
    write_key_and_ready(out, key);
    return out.take();
}

std::string write_fatal(std::string_view sqlstate, std::string_view text) {
    protocol::MessageWriter out;
    protocol::write_error(out, "FATAL", sqlstate, text);
    return out.take();
}

}  // namespace cenote::gate
