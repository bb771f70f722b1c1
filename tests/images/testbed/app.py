"""A small web application as the tests run it under gunicorn: every thread keeps one connection and asks the database on each request."""

import os
import threading

import psycopg2

_thread = threading.local()


def application(_environ, start_response):
    try:
        connection = getattr(_thread, "connection", None)
        if connection is None or connection.closed:
            connection = _thread.connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
        with connection, connection.cursor() as cursor:
            cursor.execute("select %s::text || current_database()", ("hello from ",))
            body, status = cursor.fetchone()[0], "200 OK"
    except psycopg2.Error as error:
        _thread.connection = None
        body, status = f"database: {error}", "503 Service Unavailable"
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [body.encode()]
