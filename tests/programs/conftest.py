"""Fixtures of the programs' tests (程序测试设施): one real project with both cuts of its evidence, built once."""

import secrets
from dataclasses import dataclass

import psycopg
import pytest
from django.db import connection, connections

from mifeng.config.env import env
from tests.bundles import Files, told
from tests.conftest import TEMPLATE, read_city


@dataclass(frozen=True)
class Evidence:
    """The bundles of one project (证据包), and what only its bidders know."""

    cuts: dict[str, Files]
    submit: dict[str, int]


@pytest.fixture(scope="session")
def evidence(django_db_blocker: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Lead one project to its opening, in a database of its own that is dropped again, and keep its bundles."""
    name = f"evidence_{secrets.token_hex(6)}"
    with psycopg.connect(env().database_url, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            connection.close()
            before = connection.settings_dict["NAME"]
            connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = name
            try:
                story = told(read_city(), tmp_path_factory.mktemp("near"))
                submit = {one.bid_ref: one.secrets.submit for one in story.held}
                found = Evidence({cut: story.files(cut) for cut in ("public", "supervisor")}, submit)
            finally:
                connections.close_all()
                connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = before
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    return found
