"""Each client sees its own session parameters, whoever used the server before it."""

import asyncio

import asyncpg
import pytest

from support.wire import Wire, query, rows


@pytest.fixture
def single(make_pooler, postgres):
    return make_pooler(postgres, settings={"default_pool_size": 1})


def show(connection, name):
    return connection.execute(f"show {name}").fetchone()[0]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("application_name", "one", "two"), ("client_encoding", "LATIN1", "UTF8"), ("timezone", "Europe/Berlin", "Asia/Tokyo"), ("datestyle", "ISO, DMY", "ISO, MDY")],
)
def test_set_values_stay_with_their_client(single, name, first, second):
    with single.connect() as one, single.connect() as two:
        one.execute(f"set {name} = '{first}'".replace("'ISO, DMY'", "ISO, DMY").replace("'ISO, MDY'", "ISO, MDY"))
        two.execute(f"set {name} = '{second}'".replace("'ISO, DMY'", "ISO, DMY").replace("'ISO, MDY'", "ISO, MDY"))
        for _ in range(3):
            assert show(one, name) == first
            assert show(two, name) == second


def test_values_of_the_startup_packet_reach_the_server(single):
    with single.connect(application_name="alpha") as one, single.connect(application_name="beta", client_encoding="latin1") as two:
        for _ in range(3):
            assert show(one, "application_name") == "alpha"
            assert show(two, "application_name") == "beta"
            assert show(one, "client_encoding") == "UTF8"
            assert show(two, "client_encoding").upper() == "LATIN1"


def test_latin1_client_beside_a_utf8_client(single):
    with single.connect() as utf8, Wire(single.host, single.port) as latin1:
        latin1.login(user="app", database="app", client_encoding="LATIN1")
        for _ in range(3):
            latin1.send(query("select chr(233)"))
            body = next(body for kind, body in latin1.read_until("Z") if kind == "D")
            assert body.endswith(b"\xe9")
            assert utf8.execute("select chr(233)").fetchone() == ("é",)


def test_client_is_told_the_servers_parameters(single, postgres):
    with Wire(single.host, single.port) as raw, Wire(postgres.host, postgres.port) as direct:
        raw.login(user="app", database="app")
        direct.login(user="postgres", database="app")
        for name in ("server_version", "server_encoding", "client_encoding", "DateStyle", "integer_datetimes", "standard_conforming_strings"):
            assert raw.parameters[name] == direct.parameters[name], name


def test_parameter_status_of_a_set_reaches_the_client(single):
    with Wire(single.host, single.port) as raw:
        raw.login(user="app", database="app")
        raw.send(query("set application_name = 'told'"))
        assert (b"application_name\0told\0") in [body for kind, body in raw.read_until("Z") if kind == "S"]


def test_extra_startup_parameters_need_the_ignore_list(make_pooler, postgres):
    strict = make_pooler(postgres)
    lenient = make_pooler(postgres, settings={"ignore_startup_parameters": "extra_float_digits, search_path"})

    async def connect(pooler, **settings):
        connection = await asyncpg.connect(
            host=pooler.host, port=pooler.port, user="app", database="app", password="secret-app", ssl=False, statement_cache_size=0, server_settings=settings
        )
        try:
            return await connection.fetchval("select 1")
        finally:
            await connection.close()

    with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter: extra_float_digits"):
        asyncio.run(connect(strict, extra_float_digits="3"))
    assert asyncio.run(connect(lenient, extra_float_digits="3", search_path="public")) == 1


def test_parameters_survive_a_change_of_server(make_pooler, postgres):
    pooler = make_pooler(postgres)
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="app", database="app", application_name="steady")
        raw.send(query("select 1"))
        raw.read_until("Z")
        pooler.admin("reconnect")
        raw.send(query("show application_name"))
        assert rows(raw.read_until("Z")) == [("steady",)]


def test_what_a_reset_set_back_is_set_again(make_pooler, postgres, cenote_only):
    pooler = make_pooler(postgres, settings={"pool_mode": "session", "default_pool_size": 1, "track_extra_parameters": "IntervalStyle, work_mem"})
    for _ in range(2):
        with pooler.connect(options="'-c work_mem=7MB'") as client:
            assert client.execute("show work_mem").fetchone() == ("7MB",)
