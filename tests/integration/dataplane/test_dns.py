"""Servers by name: every name on its own, each for its time."""

import psycopg
import pytest

from support.background import in_background
from support.dns import DnsServer
from support.waiting import wait_until


@pytest.fixture
def dns():
    try:
        server = DnsServer({})
    except PermissionError:
        pytest.skip("may not listen on port 53")
    yield server
    server.close()


@pytest.fixture
def by_name(cenote_only, make_pooler, postgres, dns):
    def make(hosts, **settings):
        databases = {name: f"host={host} port={postgres.port} dbname=app" for name, host in hosts.items()}
        pooler = make_pooler(postgres, databases=databases, settings=settings, start=False)
        conf = pooler.dir / "resolv.conf"
        conf.write_text(f"nameserver {dns.address}\noptions ndots:1\n")
        pooler.write(resolv_conf=conf)
        pooler.start()
        return pooler

    return make


def works(pooler, database):
    with pooler.connect(database=database) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_a_name_that_never_answers_holds_up_no_other(by_name, dns):
    dns.names |= {"never.test": None, "db.test": ["127.0.0.1"]}
    pooler = by_name({"never": "never.test", "app": "db.test"}, query_wait_timeout=2, server_connect_timeout=1)
    lost = in_background(works, pooler, "never")
    wait_until(lambda: "never.test" in dns.asked, "the question")
    assert works(pooler, "app")
    assert not lost.done()
    with pytest.raises(psycopg.OperationalError):
        lost.result(30)


def test_show_dns_hosts(by_name, dns):
    dns.names |= {"db.test": ["127.0.0.1"]}
    pooler = by_name({"app": "db.test"}, dns_max_ttl=500)
    assert works(pooler, "app")
    (row,) = pooler.admin("show dns_hosts")
    assert (row["hostname"], row["addrs"]) == ("db.test", "127.0.0.1")
    assert 30 < int(row["ttl"]) <= 60  # the record's, which is shorter


def test_a_resolv_conf_that_is_not_there_is_said(cenote_only, make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"resolv_conf": "/no/such/resolv.conf"})
    assert "WARNING resolv_conf /no/such/resolv.conf: No such file or directory" in pooler.log()
    assert works(pooler, "app")  # by address


def test_a_name_that_comes_to_exist(by_name, dns):
    pooler = by_name({"app": "db.test"}, dns_nxdomain_ttl=0, server_login_retry=1)
    waiting = in_background(works, pooler, "app")
    wait_until(lambda: "db.test" in dns.asked, "the question")
    dns.names |= {"db.test": ["127.0.0.1"]}
    try:
        assert waiting.result(30)
    except psycopg.OperationalError:  # told at once, as long as no server has ever answered
        wait_until(lambda: works(pooler, "app"), "the name")
    assert "server DNS lookup failed: db.test" in pooler.log()
