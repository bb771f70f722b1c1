"""How the pooler logs in to PostgreSQL, by every method of pg_hba.conf that it knows."""

import psycopg
import pytest

from support.postgres_fixture import USERS


def forced(make_pooler, postgres, user, **users):
    pooler = make_pooler(postgres, start=False)
    pooler.databases = {"app": pooler.target(user=user)}
    pooler.write()
    pooler.write_users(**users)
    pooler.start()
    return pooler


@pytest.mark.parametrize("user", [user for user in USERS if user != "app2"])
def test_logs_in_with_the_secret_of_auth_file(make_pooler, postgres, user):
    pooler = forced(make_pooler, postgres, user)
    with pooler.connect(user="app2") as connection:
        assert connection.execute("select session_user").fetchone() == (user,)


def test_md5_secret_answers_md5(make_pooler, postgres):
    pooler = forced(make_pooler, postgres, "md5_user", md5_user=postgres.secret("md5_user"))
    with pooler.connect(user="app2") as connection:
        assert connection.execute("select session_user").fetchone() == ("md5_user",)


def test_password_in_the_database_line(make_pooler, postgres):
    pooler = make_pooler(postgres, users={"admin": "a", "client": "c"}, start=False)
    pooler.databases = {"app": pooler.target(user="scram_user", password="secret-scram_user")}
    pooler.write()
    pooler.start()
    with pooler.connect(user="client") as connection:
        assert connection.execute("select session_user").fetchone() == ("scram_user",)


@pytest.mark.parametrize("user", ["password_user", "md5_user", "scram_user"])
def test_wrong_password_reaches_the_client_as_the_servers_words(make_pooler, postgres, user):
    pooler = forced(make_pooler, postgres, user, **{user: "wrong"})
    with pytest.raises(psycopg.OperationalError, match=f'password authentication failed for user "{user}"'), pooler.connect(user="app2") as connection:
        connection.execute("select 1")


def test_each_client_user_is_its_own_pool(pooler, postgres):
    with pooler.connect(user="app") as one, pooler.connect(user="app2") as two:
        assert one.execute("select session_user").fetchone() == ("app",)
        assert two.execute("select session_user").fetchone() == ("app2",)
    users = {(row["database"], row["user"]) for row in pooler.admin("show pools")}
    assert {("app", "app"), ("app", "app2")} <= users
