"""cenote.yaml says the same as the ini; `--check` and `--set` on the command line."""

import subprocess

import pytest
import yaml

from support.pooler_fixture import CENOTE
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("cenote_only")


def as_yaml(pooler):
    databases = {name: dict(part.split("=", 1) for part in target.split()) for name, target in pooler.databases.items()}
    settings = {name: value if isinstance(value, int) else str(value) for name, value in pooler.settings.items()}
    return yaml.safe_dump({"databases": databases, "pgbouncer": settings}, sort_keys=False)


@pytest.fixture
def from_yaml(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 4, "watch_config": 1}, start=False)
    pooler.ini = pooler.dir / "cenote.yaml"
    pooler.write_text(as_yaml(pooler))
    pooler.start()
    return pooler


def test_serves_from_yaml(from_yaml):
    assert from_yaml.config("default_pool_size") == "4"
    with from_yaml.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_broken_yaml_changes_nothing_and_says_where(from_yaml):
    from_yaml.write_text(as_yaml(from_yaml) + "  no_such_setting: 1\n")
    reason = wait_until(lambda: from_yaml.status()["lastReloadError"], "the error to be shown")
    assert "cenote.yaml:" in reason and "no_such_setting" in reason
    assert from_yaml.config("default_pool_size") == "4"
    from_yaml.settings["default_pool_size"] = 6
    from_yaml.write_text(as_yaml(from_yaml))
    wait_until(lambda: from_yaml.config("default_pool_size") == "6", "the mended file")


def check(text, path):
    path.write_text(text)
    return subprocess.run([CENOTE, "--check", path], check=False, capture_output=True, text=True, timeout=30)


def test_check_of_the_command_line(tmp_path, pooler):
    assert check(pooler.render(), tmp_path / "good.ini").returncode == 0
    for name, text in {"bad.ini": "[pgbouncer]\npool_mode = sometimes\n", "bad.yaml": "pgbouncer:\n  pool_mode: sometimes\n"}.items():
        done = check(text, tmp_path / name)
        assert done.returncode == 1
        assert f"{name}:2: " in done.stdout + done.stderr and "pool_mode" in done.stdout + done.stderr


def test_settings_without_effect_are_named_with_their_place(tmp_path, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"query_wait_notify": 7}, start=False)
    (number,) = [number for number, line in enumerate(pooler.render().splitlines(), 1) if line.startswith("query_wait_notify")]
    done = check(pooler.render(), tmp_path / "good.ini")
    assert done.returncode == 0 and f"good.ini:{number}: query_wait_notify has no effect yet" in done.stderr
    pooler.start()
    assert f"WARNING {pooler.ini}:{number}: query_wait_notify has no effect yet" in pooler.log()


def test_a_broken_file_at_the_start_ends_with_the_reason(make_pooler, postgres):
    pooler = make_pooler(postgres, start=False)
    pooler.write_text("[pgbouncer]\npool_mode = sometimes\n")
    pooler.good_endings = (1,)
    pooler.start(wait=False)
    assert pooler.process.wait(30) == 1
    assert "pooler.ini:2: " in pooler.log()


def test_set_overrides_the_file_and_survives_a_reload(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 4}, start=False)
    plain = pooler.command()
    pooler.command = lambda: [plain[0], "--set", "default_pool_size=9", plain[1]]
    pooler.start()
    assert pooler.config("default_pool_size") == "9"
    pooler.write(default_pool_size=5, query_wait_timeout=44)
    pooler.admin("reload")
    assert (pooler.config("default_pool_size"), pooler.config("query_wait_timeout")) == ("9", "44")
