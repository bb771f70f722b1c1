"""A changed configuration takes effect in the running process; a broken one changes nothing."""

import hashlib
import os
import signal

import psycopg
import pytest

from support.background import in_background
from support.waiting import wait_until


def size(pooler):
    return pooler.config("default_pool_size")


def reload_by(pooler, how):
    if how == "console":
        pooler.admin("reload")
    elif how == "signal":
        pooler.process.send(signal.SIGHUP)


@pytest.mark.parametrize("how", ["console", "signal", "watch"])
def test_new_values_take_effect_and_clients_stay(make_pooler, postgres, bouncer, how):
    if how == "watch" and bouncer == "pgbouncer":
        pytest.skip("PgBouncer does not watch its files")
    pooler = make_pooler(postgres, settings={"default_pool_size": 1, "watch_config": 1 if how == "watch" else 0})
    with pooler.connect(autocommit=False) as one, pooler.connect() as two:
        one.execute("select 1")
        waiting = in_background(two.execute, "select 2")
        wait_until(lambda: pooler.pool()["cl_waiting"] == 1, "the second client to wait")
        pooler.write(default_pool_size=2)
        reload_by(pooler, how)
        assert waiting.result(30).fetchone() == (2,)
        assert size(pooler) == "2"
        one.commit()


def test_a_smaller_pool_closes_what_is_too_much(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 3, "max_db_connections": 3})
    clients = [pooler.connect(autocommit=False) for _ in range(3)]
    for client in clients:
        client.execute("select 1")
    assert len(postgres.backends()) == 3
    pooler.write(default_pool_size=1, max_db_connections=1)
    pooler.admin("reload")
    for client in clients:
        assert client.execute("select 1").fetchone() == (1,)
        client.commit()
    wait_until(lambda: len(postgres.backends()) <= 1, "servers above the new size to be closed")
    for client in clients:
        assert client.execute("select 1").fetchone() == (1,)
        client.commit()
        client.close()


def test_new_database_and_removed_database(make_pooler, postgres):
    pooler = make_pooler(postgres)
    pooler.databases["added"] = pooler.target("other")
    del pooler.databases["other"]
    pooler.write()
    pooler.admin("reload")
    with pooler.connect(database="added") as connection:
        assert connection.execute("select current_database()").fetchone() == ("other",)
    with pytest.raises(psycopg.OperationalError, match="no such database: other"):
        pooler.connect(database="other")


def test_a_moved_database_gets_new_servers(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 1})
    with pooler.connect() as connection:
        assert connection.execute("select current_database()").fetchone() == ("app",)
        pooler.databases["app"] = pooler.target("other")
        pooler.write()
        pooler.admin("reload")
        wait_until(lambda: connection.execute("select current_database()").fetchone() == ("other",), "the new target")


BROKEN = {
    "unknown setting": ("[pgbouncer]\nno_such_setting = 1\n", "no_such_setting"),
    "bad number": ("[pgbouncer]\ndefault_pool_size = many\n", "default_pool_size"),
    "no section": ("default_pool_size = 5\n", ""),
    "bad mode": ("[pgbouncer]\npool_mode = sometimes\n", "pool_mode"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("how", ["console", "signal", "watch"])
def test_a_broken_file_changes_nothing_and_says_where(cenote_only, make_pooler, postgres, case, how):
    text, named = BROKEN[case]
    pooler = make_pooler(postgres, settings={"default_pool_size": 3, "watch_config": 1 if how == "watch" else 0})
    good_hash = pooler.status()["configHash"]
    with pooler.connect() as connection:
        pooler.write_text(pooler.render() + text if case != "no section" else text + pooler.render())
        if how == "console":
            with pytest.raises(psycopg.Error, match="RELOAD failed"):
                pooler.admin("reload")
        else:
            reload_by(pooler, how)
        reason = wait_until(lambda: pooler.status()["lastReloadError"], "the error to be shown")
        assert "pooler.ini:" in reason and named in reason
        assert size(pooler) == "3"
        assert pooler.status()["configHash"] == good_hash
        assert connection.execute("select 1").fetchone() == (1,)
        pooler.write(default_pool_size=4)
        reload_by(pooler, how)
        wait_until(lambda: size(pooler) == "4", "the mended file")
        assert pooler.status()["lastReloadError"] == ""


def test_a_file_that_is_gone_changes_nothing(cenote_only, pooler):
    pooler.ini.unlink()
    with pytest.raises(psycopg.Error, match="RELOAD failed"):
        pooler.admin("reload")
    with pooler.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_changed_users_are_seen_by_the_watch(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"auth_type": "scram-sha-256", "watch_config": 1})
    before = pooler.status()["authHash"]
    pooler.write_users(app="rotated")
    wait_until(lambda: pooler.status()["authHash"] != before, "the new users")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        pooler.connect(password="secret-app")


def test_the_way_a_volume_changes(cenote_only, make_pooler, postgres):
    """The kubelet swaps a symbolic link to a directory; the file's own path stays a link."""
    pooler = make_pooler(postgres, settings={"default_pool_size": 3, "watch_config": 1}, start=False)
    volume = pooler.dir / "volume"
    pooler.ini = volume / "cenote.ini"

    def publish(version):
        (volume / version).mkdir(parents=True)
        (volume / version / "cenote.ini").write_text(pooler.render())
        (volume / "..data_tmp").symlink_to(version)
        os.rename(volume / "..data_tmp", volume / "..data")

    publish("..v1")
    pooler.ini.symlink_to("..data/cenote.ini")
    pooler.start()
    assert size(pooler) == "3"
    pooler.settings["default_pool_size"] = 9
    publish("..v2")
    wait_until(lambda: size(pooler) == "9", "the swapped volume")


def test_status_counts_reloads_and_hashes_the_file(cenote_only, pooler):
    before = pooler.status()
    assert before["configHash"] == hashlib.sha256(pooler.ini.read_bytes()).hexdigest()
    assert before["authHash"] == hashlib.sha256(pooler.userlist.read_bytes()).hexdigest()
    pooler.write(query_wait_timeout=99)
    pooler.admin("reload")
    wait_until(lambda: pooler.status()["configHash"] == hashlib.sha256(pooler.ini.read_bytes()).hexdigest(), "the new hash")
    assert pooler.status()["reloads"] > before["reloads"]


def test_tracked_parameters_stay_as_they_were_at_the_start(make_pooler, postgres, cenote_only):
    pooler = make_pooler(postgres, settings={"track_extra_parameters": "IntervalStyle, work_mem"})
    pooler.connect().close()
    pooler.write(track_extra_parameters="IntervalStyle")
    pooler.admin("reload")
    with pooler.connect(options="'-c work_mem=7MB'") as client:
        assert client.execute("show work_mem").fetchone() == ("7MB",)
