"""Helpers of the pages' tests (页面测试): a browser in which a person is signed in, at an instant of the story."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mifeng.kernel import clock
from mifeng.parties.models import Post
from tests.factories import START

AT = START + timedelta(hours=1)


def client_of(account: str, **options: Any) -> Client:
    """Return a browser in which a person is signed in."""
    client = Client(**options)
    session = client.session
    session["person"] = str(Post.objects.get(person__account=account).person_id)
    session.save()
    return client


def ask(account: str, path: str, *, at: datetime = AT) -> HttpResponse:
    """Return the answer to a page that a person asks for at an instant."""
    with clock.frozen(at):
        return client_of(account).get(path)


def read(account: str, path: str, *, at: datetime = AT) -> str:
    """Return the text of a page that a person may read."""
    answer = ask(account, path, at=at)
    assert answer.status_code == 200, (answer.status_code, codes(answer))
    return text_of(answer)


def send(
    account: str, path: str, data: Mapping[str, Any] | None = None, *, at: datetime = AT, key: str = "key-1"
) -> HttpResponse:
    """Send a form as a person at an instant; the key of the form is added."""
    with clock.frozen(at):
        return client_of(account).post(path, {"_key": key, **(data or {})})


def codes(answer: HttpResponse) -> list[str]:
    """Return the codes of a refusal as its answer names them, in order of weight."""
    return answer.headers.get("X-Reason", "").split()


def shown_codes(page: str) -> set[str]:
    """Return every code that a page shows beside what it belongs to."""
    return {code for found in re.findall(r'data-reason="([^"]*)"', page) for code in found.split()}


def text_of(answer: HttpResponse) -> str:
    """Return the text of an answer."""
    return answer.content.decode()


def queries(account: str, path: str, *, at: datetime = AT) -> int:
    """Return how many queries a page costs."""
    client = client_of(account)
    with clock.frozen(at), CaptureQueriesContext(connection) as found:
        answer = client.get(path)
    assert answer.status_code == 200, codes(answer)
    return len(found)
