#include "operator/kube/api_error.hpp"

namespace cenote::kube {
namespace {

using Kind = ApiError::Kind;

std::string status(int code, std::string_view reason, std::string_view details = "{}") {
    return fmt::format(
        R"({{"kind":"Status","apiVersion":"v1","status":"Failure","message":"why","reason":"{}","code":{},"details":{}}})", reason, code,
        details
    );
}

TEST(ApiError, KindsFollowStatusAndReason) {
    EXPECT_EQ(make_api_error(404, status(404, "NotFound")).kind, Kind::kNotFound);
    EXPECT_EQ(make_api_error(409, status(409, "AlreadyExists")).kind, Kind::kAlreadyExists);
    EXPECT_EQ(make_api_error(409, status(409, "Conflict")).kind, Kind::kConflict);
    EXPECT_EQ(make_api_error(410, status(410, "Expired")).kind, Kind::kGone);
    EXPECT_EQ(make_api_error(422, status(422, "Invalid")).kind, Kind::kInvalid);
    EXPECT_EQ(make_api_error(403, status(403, "Forbidden")).kind, Kind::kForbidden);
    EXPECT_EQ(make_api_error(401, status(401, "Unauthorized")).kind, Kind::kUnauthorized);
    EXPECT_EQ(make_api_error(429, status(429, "TooManyRequests")).kind, Kind::kThrottled);
    EXPECT_EQ(make_api_error(503, status(503, "ServiceUnavailable")).kind, Kind::kUnavailable);
    EXPECT_EQ(make_api_error(418, "").kind, Kind::kOther);
}

TEST(ApiError, AVersionTheServerHasNotReachedMeansListAgain) {
    const auto error =
        make_api_error(504, status(504, "Timeout", R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large"}]})"));
    EXPECT_EQ(error.kind, Kind::kGone);
}

TEST(ApiError, RetryAfterComesFromTheBodyAndTheHeaderWins) {
    const std::string body = status(429, "TooManyRequests", R"({"retryAfterSeconds":3})");
    EXPECT_EQ(make_api_error(429, body).retry_after, std::chrono::seconds(3));
    EXPECT_EQ(make_api_error(429, body, std::chrono::seconds(1)).retry_after, std::chrono::seconds(1));
}

TEST(ApiError, ATerminatingNamespaceIsTold) {
    const auto error = make_api_error(403, status(403, "Forbidden", R"({"causes":[{"reason":"NamespaceTerminating"}]})"));
    EXPECT_EQ(error.kind, Kind::kForbidden);
    EXPECT_TRUE(error.namespace_terminating);
}

TEST(ApiError, AProxysPageIsCutNotTrusted) {
    const auto error = make_api_error(502, "<html>" + std::string(100'000, 'x'));
    EXPECT_EQ(error.kind, Kind::kUnavailable);
    EXPECT_LT(error.message.size(), 600U);
}

TEST(ApiResult, CarriesEither) {
    const ApiResult<int> good = 3;
    const ApiResult<int> bad = make_api_error(Kind::kNotFound, "none");
    EXPECT_EQ(*good, 3);
    EXPECT_FALSE(good.failed_with(Kind::kNotFound));
    EXPECT_TRUE(bad.failed_with(Kind::kNotFound));
    EXPECT_FALSE(bad.failed_with(Kind::kConflict));
}

}  // namespace
}  // namespace cenote::kube
