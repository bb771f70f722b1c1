"""The console's tables have exactly the columns that people's scripts read."""

import subprocess

import psycopg
import pytest

from support.pooler_fixture import CENOTE, Pooler
from support.waiting import wait_until
from support.wire import SYNC, Wire, bind, error_fields, execute, parse, query

TEXT, INT4, INT8, NUMERIC, TIMESTAMP = 25, 23, 20, 1700, 25
SOCKETS = (
    "type user database replication state addr port local_addr local_port connect_time request_time wait wait_us close_needed ptr link remote_pid tls"
    " application_name prepared_statements id"
)
AVERAGED = "server_assignment_count xact_count query_count {recv} {sent} xact_time query_time wait_time client_parse_count server_parse_count bind_count client_login_count"
COLUMNS = {
    "version": "version",
    "pools": "database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active sv_active_cancel sv_being_canceled sv_idle sv_used"
    " sv_tested sv_login maxwait maxwait_us pool_mode load_balance_hosts",
    "clients": SOCKETS,
    "servers": SOCKETS,
    "stats": " ".join(
        ["database"]
        + [f"total_{name}" for name in AVERAGED.format(recv="received", sent="sent").split()]
        + [f"avg_{name}" for name in AVERAGED.format(recv="recv", sent="sent").split()]
    ),
    "databases": "name host port database force_user pool_size min_pool_size reserve_pool_size server_lifetime pool_mode load_balance_hosts max_connections"
    " current_connections max_client_connections current_client_connections paused disabled",
    "config": "key value default changeable",
    "state": "key value",
}
TYPES = {"pools": "ssiiiiiiiiiiiiiss", "clients": "ssssssisiTTiiississii", "databases": "ssissiiiissiiiiii", "config": "ssss", "stats": "s" + "N" * 24}
OIDS = {"s": TEXT, "i": INT4, "q": INT8, "N": NUMERIC, "T": TIMESTAMP}


def described(pooler, table):
    with pooler.admin_connection() as connection:
        return [(column.name, column.type_code) for column in connection.execute(f"show {table}").description]


@pytest.mark.parametrize("table", COLUMNS)
def test_columns(cenote_only, pooler, table):
    assert [name for name, _ in described(pooler, table)] == COLUMNS[table].split()


@pytest.mark.parametrize("table", TYPES)
def test_column_types(cenote_only, pooler, table):
    assert [oid for _, oid in described(pooler, table)] == [OIDS[letter] for letter in TYPES[table]]


def test_show_version_is_the_first_line_of_the_command_line(cenote_only, pooler):
    told = subprocess.run([CENOTE, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    assert pooler.admin("show version")[0]["version"] == told


def test_case_and_semicolon_do_not_matter(pooler):
    assert pooler.admin("ShOw  PoOLs ;") is not None


def test_pools_count_clients_and_servers(pooler):
    with pooler.connect() as one, pooler.connect(autocommit=False) as two:
        one.execute("select 1")
        two.execute("select 1")
        row = pooler.pool()
        assert (row["user"], row["cl_active"], row["cl_waiting"], row["sv_active"], row["pool_mode"]) == ("app", 2, 0, 1, "transaction")
        clients = [row for row in pooler.admin("show clients") if row["database"] == "app"]
        assert len(clients) == 2 and {row["type"] for row in clients} == {"C"}
        servers = [row for row in pooler.admin("show servers") if row["database"] == "app"]
        assert [row["state"] for row in servers].count("active") == 1
        pid = two.execute("select pg_backend_pid()").fetchone()[0]
        assert pid in {row["remote_pid"] for row in servers}


def test_stats_count_queries_and_transactions(pooler):
    def totals():
        row = next((row for row in pooler.admin("show stats") if row["database"] == "app"), {})
        return tuple(int(row.get(name, 0)) for name in ("total_xact_count", "total_query_count"))

    with pooler.connect() as connection:
        connection.execute("select 1")
        xacts, queries = totals()
        for _ in range(10):
            connection.execute("select 1")
        with connection.transaction():
            connection.execute("select 1")
            connection.execute("select 1")
        assert totals() == (xacts + 11, queries + 14)  # begin and commit are queries too


def test_databases_and_config(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"default_pool_size": 7, "query_wait_timeout": 33})
    row = next(row for row in pooler.admin("show databases") if row["name"] == "app")
    assert (row["host"], int(row["port"]), row["database"], row["pool_size"]) == (postgres.host, postgres.port, "app", 7)
    config = {row["key"]: row for row in pooler.admin("show config")}
    assert config["default_pool_size"]["value"] == "7" and config["default_pool_size"]["default"] == "20"
    assert config["query_wait_timeout"]["value"] == "33" and config["query_wait_timeout"]["changeable"] == "yes"
    assert config["listen_port"]["changeable"] == "no"


# What versions after Debian's 1.18 changed; and track_extra_parameters, which Cenote reads at the start only.
OTHER_DEFAULTS = {
    "client_tls_ciphers": "default", "server_tls_ciphers": "default", "server_check_query": "<empty>", "server_tls_sslmode": "prefer",
    "track_extra_parameters": "IntervalStyle",
}  # fmt: skip


def test_defaults_are_pgbouncers(cenote_only, postgres, pooler):
    other = Pooler("pgbouncer", postgres)
    try:
        theirs = {row["key"]: (row["default"], row["changeable"]) for row in other.admin("show config")}
    finally:
        other.close()
    ours = {row["key"]: (row["default"], row["changeable"]) for row in pooler.admin("show config")}
    assert theirs.keys() <= ours.keys()
    differing = {key: value[0] for key, value in ours.items() if key in theirs and value != theirs[key]}
    assert differing.items() <= OTHER_DEFAULTS.items()


def test_show_state(cenote_only, pooler):
    state = {row["key"]: row["value"] for row in pooler.admin("show state")}
    assert state.pop("io_engine") in ("epoll", "io_uring")  # Cenote's own row
    assert state == {"active": "yes", "paused": "no", "suspended": "no"}


def test_set_changes_a_setting(pooler):
    pooler.admin("set query_wait_timeout = 17")
    assert pooler.config("query_wait_timeout") == "17"
    pooler.admin("set query_wait_timeout to '18'")
    assert pooler.config("query_wait_timeout") == "18"


@pytest.mark.parametrize("command", ["frobnicate", "show nothing", "pause nowhere", "set default_pool_size = x", "set no_such = 1", "resume"])
def test_bad_commands_are_errors(pooler, command):
    with pytest.raises(psycopg.Error):
        pooler.admin(command)
    assert pooler.admin("show version")


def test_error_texts(cenote_only, pooler):
    for command, text in {
        "frobnicate": "invalid command 'frobnicate', use SHOW HELP;",
        "pause nowhere": "no such database: nowhere",
        "resume": "pooler is not paused/suspended",
    }.items():
        with pytest.raises(psycopg.Error) as caught:
            pooler.admin(command)
        assert caught.value.diag.message_primary == text


def test_stats_user_may_look_and_not_touch(pooler):
    assert pooler.admin("show pools", user="stats") is not None
    for command in ("pause", "reload", "shutdown", "set query_wait_timeout = 1", "reconnect"):
        with pytest.raises(psycopg.Error, match="admin access needed"):
            pooler.admin(command, user="stats")


def test_other_users_stay_out(pooler):
    with pytest.raises(psycopg.OperationalError):
        pooler.admin("show pools", user="app")


def test_console_password_is_checked(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"auth_type": "scram-sha-256"})
    assert pooler.admin("show version")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(pooler.dsn("pgbouncer", "admin", "wrong"))


def test_extended_protocol_is_refused(pooler):
    with Wire(pooler.host, pooler.port) as raw:
        raw.login(user="admin", database="pgbouncer")
        raw.send(parse("show pools"), bind(), execute(), SYNC)
        error = error_fields(next(body for kind, body in raw.read_until("E") if kind == "E"))
        assert "extended query protocol not supported by admin console" in error["M"]
        assert raw.closed()


def test_psql_speaks_with_the_console(pooler):
    done = subprocess.run(["psql", pooler.dsn("pgbouncer", "admin"), "-X", "-A", "-t", "-c", "show version"], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == pooler.admin("show version")[0]["version"]


def test_two_commands_in_one_packet(make_pooler, postgres, cenote_only):
    pooler = make_pooler(postgres)
    with Wire(pooler.host, pooler.port) as raw:
        raw.socket.settimeout(10)
        raw.login(user="admin", database="pgbouncer")
        raw.send(query("show version") + query("show version"))
        assert "E" not in raw.kinds("Z") + raw.kinds("Z")


def test_a_console_client_that_goes_while_its_command_runs_is_let_go(make_pooler, postgres, cenote_only):
    pooler = make_pooler(postgres)
    with pooler.connect(autocommit=False) as client:
        client.execute("select 1")
        with Wire(pooler.host, pooler.port) as raw:
            raw.login(user="admin", database="pgbouncer")
            raw.send(query("pause"))
        wait_until(lambda: sum(row["database"] == "pgbouncer" for row in pooler.admin("show clients")) == 1, "one console client")
        client.rollback()
    pooler.admin("resume")
