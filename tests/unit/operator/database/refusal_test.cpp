#include "operator/database/refusal.hpp"

#include <gtest/gtest.h>

namespace cenote::database {
namespace {

TEST(RefusalReason, PostgreSQLsAndTheResolversWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  password authentication failed for user \"orders\"",
         "LoginRefused"},
        {"FATAL:  no pg_hba.conf entry for host \"10.0.0.1\", user \"orders\", database \"orders\", no encryption", "LoginRefused"},
        {"FATAL:  role \"orders\" does not exist", "LoginRefused"},
        {"FATAL:  database \"orders\" does not exist", "DatabaseMissing"},
        {"FATAL:  sorry, too many clients already", "TooManyConnections"},
        {"FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "TooManyConnections"},
        {"cannot resolve \"orders-db.shop.svc\": Name or service not known", "NameNotFound"},
        {"connection to server at \"127.0.0.1\", port 1 failed: Connection refused", "ConnectionRefused"},
        {"the name service did not answer in time", "Timeout"},
        {"something new", "NoAnswer"},
    };
    for (const auto& [message, reason] : cases) {
        EXPECT_EQ(refusal_reason(message), reason) << message;
    }
    EXPECT_TRUE(is_lasting("LoginRefused"));
    EXPECT_FALSE(is_lasting("TooManyConnections"));
}

}  // namespace
}  // namespace cenote::database
