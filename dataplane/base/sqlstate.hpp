// SQLSTATE codes that Cenote itself gives (PostgreSQL manual, appendix A), every one of them. 08P01 is what PgBouncer gives for nearly
// everything.
#pragma once

namespace cenote::sqlstate {

inline constexpr const char* kCannotConnect = "08001";
inline constexpr const char* kConnectionFailure = "08006";
inline constexpr const char* kProtocolViolation = "08P01";
inline constexpr const char* kFeatureNotSupported = "0A000";
inline constexpr const char* kIdleInTransactionSessionTimeout = "25P03";
inline constexpr const char* kInvalidAuthorization = "28000";
inline constexpr const char* kInvalidPassword = "28P01";
inline constexpr const char* kInvalidCatalogName = "3D000";
inline constexpr const char* kInsufficientPrivilege = "42501";
inline constexpr const char* kTooManyConnections = "53300";
inline constexpr const char* kQueryCanceled = "57014";
inline constexpr const char* kAdminShutdown = "57P01";
inline constexpr const char* kCannotConnectNow = "57P03";
inline constexpr const char* kConfigFileError = "F0000";

}  // namespace cenote::sqlstate
