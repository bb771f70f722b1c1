// tests/golden/<case>.in.yaml -> every object of the pool -> <case>.out.yaml. UPDATE_GOLDEN=1 rewrites the latter.
#include "dataplane/config/config_loader.hpp"
#include "operator/api/connection_pool_codec.hpp"
#include "operator/kube/base64.hpp"
#include "operator/specs/desired_state.hpp"
#include "operator/standalone/manifest_reader.hpp"
#include "operator/standalone/yaml_writer.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cenote::specs {
namespace {

using kube::Json;

const std::filesystem::path kFolder = std::filesystem::path{CENOTE_SOURCE_DIR} / "tests/golden";

std::string read_all(const std::filesystem::path& path) {
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, ObjectsAreAsRecorded) {
    const auto path = kFolder / (GetParam() + ".in.yaml");
    const auto file = standalone::read_manifests(path.string(), read_all(path));
    ASSERT_TRUE(file.problems.empty()) << file.problems[0].text();
    std::map<std::string, Json> secrets;
    std::optional<api::ConnectionPool> pool;
    Inputs inputs;
    for (const standalone::Manifest& manifest : file.manifests) {
        if (manifest.object["kind"] == "ConnectionPool") {
            auto parsed = api::parse_connection_pool(manifest.object);
            ASSERT_TRUE(parsed) << parsed.error().message;
            pool = *std::move(parsed);
            pool->uid = "11111111-2222-3333-4444-555555555555";  // which only a cluster gives
        } else if (manifest.object["kind"] == "Secret") {
            secrets[manifest.name.name] = manifest.object["data"];
        } else {
            inputs.image = manifest.object["data"]["image"];
            inputs.max_client_conn = std::stoll(manifest.object["data"]["maxClientConn"].get<std::string>());
        }
    }
    ASSERT_TRUE(pool);
    const auto decoded = [&](const std::string& secret, const char* key) {
        return *kube::decode_base64(secrets.at(secret).at(key).get<std::string>());
    };
    inputs.replicas = pool->spec.replicas;
    inputs.username = decoded(pool->spec.database.credentials_secret, "username");
    inputs.password = decoded(pool->spec.database.credentials_secret, "password");
    if (!pool->spec.users_secret.empty()) {
        inputs.users = decoded(pool->spec.users_secret, "userlist.txt");
    }

    const auto state = desired_state(*pool, inputs);
    ASSERT_TRUE(state) << state.error().message;
    const auto config = config::load_text("cenote.ini", state->ini, {}, [&](const std::string& file_name) {
        return Result<std::string>{file_name.ends_with("share.ini") ? "" : state->userlist};
    });
    EXPECT_TRUE(config) << config.error().message;

    std::string text;
    for (const Json& object : state->objects()) {
        text += "---\n" + standalone::write_yaml(object);
    }
    text += "---\n# userlist.txt\n";
    std::istringstream lines{state->userlist};
    for (std::string line; std::getline(lines, line);) {
        text += "# " + line + "\n";
    }
    const auto expected = kFolder / (GetParam() + ".out.yaml");
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream{expected} << text;
    }
    EXPECT_EQ(text, read_all(expected)) << "UPDATE_GOLDEN=1 rewrites " << expected;
}

std::vector<std::string> cases() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{kFolder}) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".in.yaml")) {
            names.push_back(name.substr(0, name.size() - std::string_view{".in.yaml"}.size()));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, ::testing::ValuesIn(cases()), [](const auto& test) {
    std::string name = test.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

}  // namespace
}  // namespace cenote::specs
