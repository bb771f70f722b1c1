"""How clients prove who they are, and what they are told when they do not."""

import psycopg
import pytest

from support.postgres_fixture import password_of
from support.wire import ServerError, Wire

MD5 = "md5_user"
SCRAM = "scram_user"
REFUSED = "(password|SASL) authentication failed"


def secret_for(postgres, kind):
    """(user, secret as it stands in auth_file)"""
    return {"plain": ("app", password_of("app")), "md5": (MD5, postgres.secret(MD5)), "scram": (SCRAM, postgres.secret(SCRAM))}[kind]


ACCEPTED = [
    ("plain", "plain"), ("plain", "md5"),
    ("md5", "plain"), ("md5", "md5"), ("md5", "scram"),
    ("scram-sha-256", "plain"), ("scram-sha-256", "scram"),
]  # fmt: skip


def pooler_with(make_pooler, postgres, auth_type, kind):
    user, secret = secret_for(postgres, kind)
    users = {user: secret, "admin": "admin-secret", "backend": "-"}
    pooler = make_pooler(postgres, settings={"auth_type": auth_type}, users=users, databases={"app": "placeholder"}, start=False)
    pooler.databases = {"app": pooler.target(user="trust_user")}
    pooler.write()
    pooler.start()
    return pooler, user


@pytest.mark.parametrize(("auth_type", "kind"), ACCEPTED)
def test_right_password(make_pooler, postgres, auth_type, kind):
    pooler, user = pooler_with(make_pooler, postgres, auth_type, kind)
    with pooler.connect(user=user, password=password_of(user)) as connection:
        assert connection.execute("select current_user").fetchone() == ("trust_user",)


@pytest.mark.parametrize(("auth_type", "kind"), ACCEPTED)
def test_wrong_password(make_pooler, postgres, auth_type, kind):
    pooler, user = pooler_with(make_pooler, postgres, auth_type, kind)
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        pooler.connect(user=user, password="wrong")
    with pooler.connect(user=user, password=password_of(user)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_md5_secret_cannot_do_scram(make_pooler, postgres):
    pooler, user = pooler_with(make_pooler, postgres, "scram-sha-256", "md5")
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        pooler.connect(user=user, password=password_of(user))


@pytest.mark.parametrize("auth_type", ["md5", "scram-sha-256", "plain"])
def test_unknown_user_is_told_as_little_as_a_wrong_password(make_pooler, postgres, auth_type):
    pooler, _ = pooler_with(make_pooler, postgres, auth_type, "plain")
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        pooler.connect(user="nobody", password="x")


def test_trust_still_wants_a_known_user(pooler):
    with pytest.raises(psycopg.OperationalError, match='no such user|"trust" authentication failed'):
        pooler.connect(user="nobody")


def test_any_takes_every_name_to_the_forced_user(make_pooler, postgres):
    pooler = make_pooler(postgres, settings={"auth_type": "trust"}, start=False)
    pooler.databases = {"app": pooler.target(user="trust_user")}
    pooler.write(auth_type="any")
    pooler.start()
    with pooler.connect(user="whoever", password="") as connection:
        assert connection.execute("select current_user").fetchone() == ("trust_user",)


def test_unknown_database(pooler):
    with pytest.raises(psycopg.OperationalError, match="no such database: nowhere"):
        pooler.connect(database="nowhere")


def test_fallback_database_serves_every_name(make_pooler, postgres):
    pooler = make_pooler(postgres, start=False)
    pooler.databases = {"*": f"host={postgres.host} port={postgres.port}"}
    pooler.write()
    pooler.start()
    for name in ("app", "other"):
        with pooler.connect(database=name) as connection:
            assert connection.execute("select current_database()").fetchone() == (name,)


def test_no_user_at_all(pooler):
    with Wire(pooler.host, pooler.port) as wire, pytest.raises(ServerError):
        wire.login(database="app")


def test_password_change_counts_from_the_reload_on(make_pooler, postgres):
    pooler, user = pooler_with(make_pooler, postgres, "scram-sha-256", "plain")
    pooler.write_users(**{user: "changed"})
    pooler.admin("reload")
    with pooler.connect(user=user, password="changed") as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match=REFUSED):
        pooler.connect(user=user, password=password_of(user))
