"""Before the login: encryption requests, protocol versions, start-up options."""

import psycopg
import pytest

from support.wire import GSSENC_REQUEST, PROTOCOL_3_2, SSL_REQUEST, Wire, error_fields, query, rows, startup_packet


@pytest.fixture
def raw(pooler):
    with Wire(pooler.host, pooler.port) as connection:
        yield connection


def works(raw):
    raw.send(query("select current_user"))
    return rows(raw.read_until("Z")) == [("app",)]


@pytest.mark.parametrize("requests", [[SSL_REQUEST], [GSSENC_REQUEST], [GSSENC_REQUEST, SSL_REQUEST], [SSL_REQUEST, GSSENC_REQUEST]], ids=["ssl", "gss", "gss-ssl", "ssl-gss"])
def test_encryption_is_declined(raw, requests):
    for request in requests:
        raw.send(request)
        assert raw.read_bytes(1) == b"N"
    raw.login(user="app", database="app")
    assert works(raw)


@pytest.mark.parametrize("request_packet", [SSL_REQUEST, GSSENC_REQUEST], ids=["SSLRequest", "GSSENCRequest"])
def test_bytes_behind_an_encryption_request_are_never_acted_on(cenote_only, raw, request_packet):
    """Whoever can put bytes in front of the handshake must not have them taken for the client's (CVE-2021-3935)."""
    raw.send(request_packet + startup_packet(user="app2", database="app"))
    answer = raw.read_bytes(1)
    if answer == b"E":  # refused outright
        assert raw.closed()
        return
    assert answer == b"N"
    raw.login(user="app", database="app")
    assert works(raw)


def test_sslmode_require_is_told_no(pooler):
    with pytest.raises(psycopg.OperationalError, match="SSL"):
        pooler.connect(sslmode="require")


@pytest.mark.parametrize("options", [{}, {"_pq_.unknown": "1"}])
def test_newer_minor_version_is_negotiated_as_postgresql_does(cenote_only, raw, postgres, options):
    with Wire(postgres.host, postgres.port) as direct:
        expected = [body for kind, body in direct.login(PROTOCOL_3_2, user="postgres", database="app", **options) if kind == "v"]
    got = [body for kind, body in raw.login(PROTOCOL_3_2, user="app", database="app", **options) if kind == "v"]
    assert got == expected and len(got) == 1
    assert works(raw)


def test_unknown_protocol_options_alone_are_negotiated(cenote_only, raw):
    assert [kind for kind, _ in raw.login(user="app", database="app", **{"_pq_.unknown": "1"})].count("v") == 1
    assert works(raw)


@pytest.mark.parametrize("version", [2 << 16, 4 << 16])
def test_other_major_versions_are_refused(raw, version):
    raw.send(startup_packet(version, user="app", database="app"))
    try:
        assert raw.read()[0] == "E"
    except (EOFError, ConnectionResetError):
        pass
    assert raw.closed()


def test_database_defaults_to_the_users_name(raw):
    raw.login(user="app")
    assert works(raw)


def test_backend_key_and_ready_come_last(raw):
    kinds = [kind for kind, _ in raw.login(user="app", database="app")]
    assert kinds[0] == "R" and kinds[-1] == "Z" and kinds.count("K") == 1
    assert set(kinds) == set("RSKZ")


def test_keys_differ_between_clients(pooler):
    keys = set()
    for _ in range(20):
        with Wire(pooler.host, pooler.port) as raw:
            raw.login(user="app", database="app")
            keys.add(raw.key)
    assert len(keys) == 20


def test_unsupported_startup_parameter_is_named(raw):
    raw.send(startup_packet(user="app", database="app", no_such_guc="1"))
    error = error_fields(raw.read_until("E")[-1][1])
    assert "unsupported startup parameter: no_such_guc" in error["M"]
    assert raw.closed()


def test_errors_carry_severity_and_sqlstate(cenote_only, raw):
    """Drivers that read V and C fail on messages without them."""
    raw.send(startup_packet(user="app", database="nowhere"))
    error = error_fields(raw.read_until("E")[-1][1])
    assert error["S"] == "FATAL" and error["V"] == "FATAL" and len(error["C"]) == 5
