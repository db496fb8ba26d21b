"""Seats for the tests of the desk's pages (席位测试件): browsers in which members of a committee sit."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from mifeng.evaluation import blind
from mifeng.kernel import clock
from mifeng.parties import passes
from mifeng.parties.models import SeatPass
from mifeng.venues.computers import token_hash
from mifeng.venues.models import SeatComputer
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.actions import reviews
from tests.actions.reviews import SCORING, SEATS, Review
from tests.conftest import read_city
from tests.factories import DUE

AT = SCORING
CODE = "7QKM2X4D"


def give_pass(review: Review, number: int, *, code: str = "", key: str = "") -> str:
    """Leave behind what a check-in leaves for a member: a temporary post, and the secret of its session."""
    member, token = review.member(number), f"token-{number}"
    SeatPass.objects.update_or_create(
        handle=member.handle,
        defaults={
            "role": member.role,
            "site": str(review.city.sites["市中心"].pk),
            "seat": SEATS[number - 1],
            "code_hash": passes._hash("code", code) if code else "",
            "code_until": DUE + timedelta(hours=7),
            "token_hash": passes._hash("token", token),
            "key": key,
            "starts_at": DUE,
            "until": DUE + timedelta(hours=7),
        },
    )
    return token


def computer_at(site: object) -> tuple[str, str]:
    """Leave behind what an officer leaves of a computer at the seats of a site; return its secret and its handle."""
    token = f"computer-{site}"
    row, _made = SeatComputer.objects.get_or_create(
        token_hash=token_hash(token),
        defaults={"site_id": site, "state": "open", "opened_at": DUE, "until": DUE + timedelta(days=90)},
    )
    return token, row.handle


def sit(client: Client, secret: str, site: object) -> Client:
    """Let somebody sit before a browser: at a computer of the site, with the secret of a seat's session."""
    client.cookies[COMPUTER_COOKIE], computer = computer_at(site)
    session = client.session
    session["seat"], session["computer"] = secret, computer
    session.save()
    return client


def seat_of(review: Review, number: int, **options: Any) -> Client:
    """Return a browser in which a member sits."""
    return sit(Client(**options), give_pass(review, number), review.city.sites["市中心"].pk)


def ask(review: Review, number: int, path: str = "", *, at: datetime = AT) -> HttpResponse:
    """Return the answer to a page of the desk that a member asks for."""
    with clock.frozen(at):
        return seat_of(review, number).get(f"/desk/{review.lot.pk}{path}")


def read(review: Review, number: int, path: str = "", *, at: datetime = AT) -> str:
    """Return the text of a page that a member may read."""
    answer = ask(review, number, path, at=at)
    assert answer.status_code == 200, (answer.status_code, answer.headers.get("X-Reason"))
    return answer.content.decode()


def send(
    review: Review, number: int, path: str, data: dict[str, Any], *, at: datetime = AT, key: str = "k", **headers: str
) -> HttpResponse:
    """Send a form of the desk as a member."""
    with clock.frozen(at):
        return seat_of(review, number).post(
            f"/desk/{review.lot.pk}{path}", {"_key": f"{key}-{number}", **data}, headers=headers
        )


def queries(review: Review, number: int, path: str = "") -> int:
    """Return how many queries a page of the desk costs."""
    client = seat_of(review, number)
    with clock.frozen(AT), CaptureQueriesContext(connection) as found:
        answer = client.get(f"/desk/{review.lot.pk}{path}")
    assert answer.status_code == 200
    return len(found)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of a page."""
    [found] = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    return found


@contextmanager
def evaluation_at(step: str, blocker: Any) -> Iterator[Review]:
    """Lead an evaluation to a step for a whole file of tests; each test works in a transaction of its own within."""
    with blocker.unblock():
        atomics = TestCase._enter_atomics()
        try:
            yield reviews.reach(read_city(), step)
        finally:
            TestCase._rollback_atomics(atomics)


def codes_for(review: Review, number: int) -> list[str]:
    """Return a seat's codes in its own order."""
    return [bid.code for bid in blind.pages_for(review.member(number), review.lot.pk)]


def cell(code: str, item: str, score: str, version: int = 0, remark: str = "") -> dict[str, str]:
    """Return what a form or a script sends for one cell."""
    return {"code": code, f"score-{item}": score, f"version-{item}": str(version), f"remark-{item}": remark}
