"""Databases of a test's own (独立测试数据库), in which things are really committed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, connections
from django.test import TestCase

from mifeng.config.env import env

TEMPLATE = "mifeng"


@contextmanager
def own_database(blocker: Any, template: str = TEMPLATE) -> Iterator[str]:
    """Work on a copy of a database, with as many connections as needed, and drop it afterwards; return its name.

    Args:
        blocker: pytest-django's ``django_db_blocker``.
        template: the prepared database, or one that a file has prepared further and left all connections to.
    """
    name = f"own_{secrets.token_hex(6)}"
    with psycopg.connect(env().database_url, dbname="postgres", autocommit=True) as admin:
        with blocker.unblock():
            connection.close()
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            before = connection.settings_dict["NAME"]
            connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = name
            try:
                yield name
            finally:
                connections.close_all()
                connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = before
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def rolled_back(blocker: Any) -> Iterator[None]:
    """Undo everything at the end of the block; a test's fixture ``db`` within it is a savepoint of its own.

    Args:
        blocker: pytest-django's ``django_db_blocker``.
    """
    with blocker.unblock():
        atomics = TestCase._enter_atomics()
        try:
            yield
        finally:
            TestCase._rollback_atomics(atomics)
