"""The watch on the configuration files: an edit counts, nothing else does, and what SET has set stays until there is one."""

import os
import signal

import pytest

from support.waiting import wait_until



@pytest.fixture
def watching(cenote_only, make_pooler, postgres):
    return make_pooler(postgres, settings={"default_pool_size": 3, "watch_config": 1})


def seen_by_the_watch(pooler):
    """An edit that the watch must see was seen: so what came before it was seen too, or never will be."""
    before = pooler.status()["authHash"]
    pooler.write_users(**{f"user{len(pooler.users)}": "x"})
    wait_until(lambda: pooler.status()["authHash"] != before, "the edit of the users")


def test_what_set_has_set_stays(watching):
    watching.admin("set query_wait_timeout = 17")
    watching.admin("set server_lifetime = 99")
    reloads = watching.status()["reloads"]
    watching.ini.with_name("neighbour").write_text("not ours")
    os.utime(watching.ini)
    watching.write_text(watching.render())  # a new file with the old bytes
    seen_by_the_watch(watching)
    assert (watching.config("query_wait_timeout"), watching.config("server_lifetime")) == ("17", "99")
    assert watching.status()["reloads"] == reloads + 1


def test_an_edit_goes_back_to_the_files(watching):
    watching.admin("set query_wait_timeout = 17")
    watching.write(default_pool_size=4)
    wait_until(lambda: watching.config("default_pool_size") == "4", "the edit")
    assert watching.config("query_wait_timeout") == "120"


@pytest.mark.parametrize("how", ["reload", "signal"])
def test_a_reload_that_was_asked_for_goes_back_to_the_files(make_pooler, postgres, how):
    """Of PgBouncer too: RELOAD ends what SET has set."""
    pooler = make_pooler(postgres, settings={"query_wait_timeout": 40})
    pooler.admin("set query_wait_timeout = 17")
    if how == "reload":
        pooler.admin("reload")
    else:
        pooler.process.send(signal.SIGHUP)
    wait_until(lambda: pooler.config("query_wait_timeout") == "40", "the file's value")


def test_a_log_file_beside_the_configuration_is_no_edit(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"watch_config": 1, "verbose": 1}, start=False)
    pooler.write(logfile=pooler.dir / "own.log")
    pooler.start()
    pooler.admin("set query_wait_timeout = 17")
    opens = reads_of(pooler)
    for _ in range(20):
        pooler.connect().close()  # lines in the log
    seen_by_the_watch(pooler)
    seen_by_the_watch(pooler)
    assert pooler.config("query_wait_timeout") == "17"
    # Two edits were two reloads; a loop would be reading all the time.
    assert reads_of(pooler) - opens < 40 * len(pooler.ini.read_bytes())


def reads_of(pooler):
    """Bytes the process has read by now."""
    with open(f"/proc/{pooler.process.pid}/io") as file:
        return int(next(line for line in file if line.startswith("rchar")).split()[1])


def test_a_volume_whose_link_is_swapped(cenote_only, make_pooler, postgres):
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
    pooler.admin("set query_wait_timeout = 17")
    publish("..v2")  # the same bytes
    seen_by_the_watch(pooler)
    assert pooler.config("query_wait_timeout") == "17"
    pooler.settings["default_pool_size"] = 9
    publish("..v3")
    wait_until(lambda: pooler.config("default_pool_size") == "9", "the swapped volume")
    assert pooler.config("query_wait_timeout") == "120"
