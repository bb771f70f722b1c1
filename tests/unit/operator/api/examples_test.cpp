// docs/examples must stay usable: every ConnectionPool in it is read and checked as the operator does.
#include "operator/api/connection_pool_codec.hpp"
#include "operator/api/validation.hpp"
#include "operator/standalone/manifest_reader.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace cenote::api {
namespace {

TEST(Examples, AreGoodConnectionPools) {
    int pools = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator{std::filesystem::path{CENOTE_SOURCE_DIR} / "docs" / "examples"}) {
        if (entry.path().extension() != ".yaml") {
            continue;
        }
        std::ostringstream text;
        text << std::ifstream{entry.path()}.rdbuf();
        const auto file = standalone::read_manifests(entry.path().string(), text.str());
        for (const standalone::Manifest& manifest : file.manifests) {
            if (manifest.object["kind"] != "ConnectionPool") {
                continue;
            }
            ++pools;
            const auto pool = parse_connection_pool(manifest.object);
            ASSERT_TRUE(pool) << manifest.where() << " " << pool.error().message;
            EXPECT_EQ(describe(validate(pool->spec)), "") << manifest.where();
        }
    }
    EXPECT_GE(pools, 3);
}

}  // namespace
}  // namespace cenote::api
