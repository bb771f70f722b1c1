"""What a new client is told about its server is true."""

import pytest

from support.wire import Wire


@pytest.fixture
def zoned(postgres):
    postgres.sql("create database zoned")
    yield "zoned"
    postgres.sql("drop database zoned with (force)")


def told_and_true(pooler, database):
    with Wire(pooler.host, pooler.port) as wire:
        wire.login(user="app", database=database)
        told = wire.parameters["TimeZone"]
    with pooler.connect(database=database) as connection:
        return told, connection.execute("show timezone").fetchone()[0]


def test_the_welcome_follows_the_server_after_reconnect(make_pooler, postgres, zoned):
    pooler = make_pooler(postgres, databases={zoned: f"host={postgres.host} port={postgres.port} dbname={zoned}"})
    assert told_and_true(pooler, zoned) == ("Etc/UTC", "Etc/UTC")
    postgres.sql("alter database zoned set timezone = 'Asia/Tokyo'")
    pooler.admin("reconnect")
    with pooler.connect(database=zoned) as connection:  # the first may still be told the old; it brings a new server
        connection.execute("select 1")
    assert told_and_true(pooler, zoned) == ("Asia/Tokyo", "Asia/Tokyo")
