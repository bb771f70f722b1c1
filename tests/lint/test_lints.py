"""Each lint fails on a bad sample and passes on a good one: a check that cannot fail is none."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import check_file_size  # noqa: E402
import check_format  # noqa: E402
import check_layers  # noqa: E402
import check_no_sleep  # noqa: E402
import check_third_party  # noqa: E402
import check_tidy  # noqa: E402


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


LAYERS = "dp_base dataplane/base \ndp_protocol dataplane/protocol dp_base\ndp_auth dataplane/auth dp_base\ndp_session dataplane/session dp_protocol,dp_auth\n"


def test_layers_name_file_line_and_both_folders(tmp_path):
    write(tmp_path, "build/dev/layers.txt", LAYERS)
    write(tmp_path, "dataplane/session/relay.hpp", "")
    write(tmp_path, "dataplane/protocol/frame.cpp", '#include "dataplane/protocol/frame.hpp"\n\n#include <string>\n\n#include "dataplane/session/relay.hpp"\n')
    assert check_layers.check(tmp_path) == ["dataplane/protocol/frame.cpp:5: protocol may not include session (dataplane/session/relay.hpp)"]


def test_layers_allow_what_lies_below_at_any_depth(tmp_path):
    write(tmp_path, "build/dev/layers.txt", LAYERS)
    write(tmp_path, "dataplane/session/relay.cpp", '#include "dataplane/base/result.hpp"\n#include "dataplane/auth/md5.hpp"\n#include <vector>\n')
    assert check_layers.check(tmp_path) == []


def test_layers_refuse_siblings_and_unknown_dependencies(tmp_path):
    write(tmp_path, "build/dev/layers.txt", LAYERS + "dp_pool dataplane/pool dp_basse\n")
    write(tmp_path, "dataplane/auth/md5.cpp", '#include "dataplane/protocol/frame.hpp"\n')
    findings = check_layers.check(tmp_path)
    assert len(findings) == 2 and "dp_basse" in findings[0] and "auth may not include protocol" in findings[1]


def test_layers_fail_without_the_build(tmp_path):
    assert "missing" in check_layers.check(tmp_path)[0]


def test_no_sleep(tmp_path):
    write(tmp_path, "tests/unit/a_test.cpp", "// sleep_for is only named here\nstd::this_thread::sleep_for(1s);\nauto t = Clock::time_point{};\n")
    write(tmp_path, "tests/integration/test_b.py", "import time\ntime.sleep(1)\n")
    findings = check_no_sleep.check(tmp_path)
    assert [finding.split(": ")[0] for finding in findings] == ["tests/unit/a_test.cpp:2", "tests/integration/test_b.py:2"]


def test_file_size(tmp_path):
    write(tmp_path, "dataplane/base/big.cpp", "\n" * 401)
    write(tmp_path, "dataplane/base/fits.cpp", "\n" * 400)
    assert check_file_size.check(tmp_path) == ["dataplane/base/big.cpp:401: 401 lines; split it, 400 is the limit"]
    write(tmp_path, "tests/lint/file_size_allowed.txt", "dataplane/base/big.cpp one table\n")
    assert check_file_size.check(tmp_path) == []
    write(tmp_path, "tests/lint/file_size_allowed.txt", "dataplane/base/big.cpp\ndataplane/base/fits.cpp stale\n")
    assert len(check_file_size.check(tmp_path)) == 2


def test_third_party_fences(tmp_path):
    write(tmp_path, "operator/kube/cpprest_transport.cpp", "#include <cpprest/http_client.h>\n")
    write(tmp_path, "operator/database/budget.cpp", "#include <libpq-fe.h>\n")
    write(tmp_path, "dataplane/net/asio.hpp", "#include <boost/asio.hpp>\n")
    write(tmp_path, "dataplane/http/server.cpp", "#include <boost/asio.hpp>\n")
    assert check_third_party.check(tmp_path) == []
    write(tmp_path, "operator/kube/api_client.cpp", "#include <cpprest/json.h>\n")
    write(tmp_path, "operator/controller/observe.cpp", "#include <libpq-fe.h>\n")
    write(tmp_path, "dataplane/pool/pool.cpp", "#include <boost/asio/ip/tcp.hpp>\n")
    write(tmp_path, "dataplane/http/server.hpp", "#include <boost/asio.hpp>\n")
    write(tmp_path, "dataplane/session/session.cpp", "#include <yaml-cpp/yaml.h>\n")
    assert sorted(finding.split(":")[0] for finding in check_third_party.check(tmp_path)) == [
        "dataplane/http/server.hpp", "dataplane/pool/pool.cpp", "dataplane/session/session.cpp",
        "operator/controller/observe.cpp", "operator/kube/api_client.cpp",
    ]  # fmt: skip


def test_format(tmp_path):
    write(tmp_path, ".clang-format", (check_format.common.ROOT / ".clang-format").read_text())
    write(tmp_path, "dataplane/base/good.cpp", "int main() { return 0; }\n")
    assert check_format.check(tmp_path) == []
    write(tmp_path, "dataplane/base/bad.cpp", "int   main( ){return 0;}\n")
    findings = check_format.check(tmp_path)
    assert len(findings) == 1 and "bad.cpp:1" in findings[0]


def test_tidy_looks_again_when_anything_a_file_reaches_has_changed(tmp_path):
    write(tmp_path, "dataplane/a/one.cpp", '#include "dataplane/a/one.hpp"\n#include <vector>\n')
    write(tmp_path, "dataplane/a/one.hpp", '#include "dataplane/b/two.hpp"\n')
    write(tmp_path, "dataplane/b/two.hpp", "int two();\n")
    write(tmp_path, "dataplane/b/other.hpp", "")
    assert check_tidy.reached(tmp_path, "dataplane/a/one.cpp") == ["dataplane/a/one.cpp", "dataplane/a/one.hpp", "dataplane/b/two.hpp"]
    keys = [check_tidy.key(tmp_path, "dataplane/a/one.cpp", "c++ -c")]
    for name, text in (("dataplane/b/other.hpp", "int other();"), ("dataplane/b/two.hpp", "int three();"), (".clang-tidy", "Checks: '*'")):
        write(tmp_path, name, text)
        keys.append(check_tidy.key(tmp_path, "dataplane/a/one.cpp", "c++ -c"))
    assert keys[0] == keys[1] and len(set(keys[1:])) == 3
    assert check_tidy.key(tmp_path, "dataplane/a/one.cpp", "c++ -O2 -c") not in keys
