"""How soon a score is saved (自动保存): 50 desks over HTTP, each leaves a cell every eight seconds.

Ten packages are under review, five seats each. A save is answered when it is on disk and in the ledger; what the desk's
page would show as saved is what is timed. Every score must be there afterwards.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
from django.contrib.sessions.backends.db import SessionStore

from mifeng.config.env import env
from mifeng.evaluation import blind
from mifeng.kernel import clock
from mifeng.kernel.actors import Actor
from mifeng.parties.models import SeatPass
from mifeng.web.shell.seats import COMPUTER_COOKIE
from tests.actions.reviews import SEATS, Review, reach
from tests.bench.figures import Figure, at_least, at_most, percentile
from tests.factories import City
from tests.web.desks import computer_at, give_pass

PACKAGES, MEMBERS = 10, 5
SAVES = 4  # of each desk
EVERY = 8.0  # seconds
LIMIT = 0.5  # seconds
CELL = "t1"


class Desk:
    """One seat's computer (席位电脑): the session of its seat, the cell that it saves again and again."""

    def __init__(self, lot: UUID, by: Actor, cookies: dict[str, str]) -> None:
        self.lot, self.by = lot, by
        self.code = blind.pages_for(by, lot)[0].code
        self.client = httpx.AsyncClient(base_url=env().url, trust_env=False, timeout=30.0, cookies=cookies)
        self.waits: list[float] = []

    async def work(self, start: float) -> None:
        """Save a score at every beat; the first is a little later for each desk."""
        async with self.client:
            answer = await self.client.get(f"/desk/{self.lot}")
            answer.raise_for_status()
            token = self.client.cookies["csrftoken"]
            for turn in range(SAVES):
                await asyncio.sleep(max(0.0, start + turn * EVERY - time.perf_counter()))
                await self._save(turn, token)

    async def _save(self, turn: int, token: str) -> None:
        typed = {"code": self.code, f"score-{CELL}": score(turn), f"version-{CELL}": str(turn)}
        began = time.perf_counter()
        answer = await self.client.post(
            f"/desk/{self.lot}/cells/technical",
            data=typed | {"csrfmiddlewaretoken": token},
            headers={"Accept": "application/json"},
        )
        self.waits.append(time.perf_counter() - began)
        if answer.status_code != 200 or answer.json()["saved"] != {CELL: turn + 1}:
            raise AssertionError(f"not saved: {answer.status_code} {answer.text[:300]}")


def prepared(city: City) -> list[Desk]:
    """Return desks at which members may score; made before the platform runs, whose worker would lend a hand."""
    reviews = [reach(city, "reviewing", later=timedelta(days=7 * number)) for number in range(PACKAGES)]
    sessions = [session(reviews[0], number) for number in range(1, MEMBERS + 1)]
    return [
        Desk(review.lot.pk, review.member(number + 1), sessions[number])
        for review in reviews
        for number in range(MEMBERS)
    ]


def measure(desks: list[Desk]) -> Iterator[Figure]:
    """Yield the rows of median, 95th percentile and completeness."""
    asyncio.run(work(desks))
    waits = [wait for desk in desks for wait in desk.waits]
    kept = sum(standing(desk) == Decimal(score(SAVES - 1)) for desk in desks)
    yield at_most(f"autosave from {len(desks)} desks, median", percentile(waits, 50), "s", LIMIT)
    yield at_most(f"autosave from {len(desks)} desks, 95th percentile", percentile(waits, 95), "s", LIMIT)
    yield at_least(f"autosave from {len(desks)} desks, scores kept", kept, "desks", len(desks))


async def work(desks: list[Desk]) -> None:
    """Let all desks work, spread over one beat as people are."""
    start = time.perf_counter() + EVERY
    await asyncio.gather(*(desk.work(start + number * EVERY / len(desks)) for number, desk in enumerate(desks)))


def score(turn: int) -> str:
    """Return what a desk gives at a turn: within the bounds, and another one than before."""
    return str(5 + turn)


def standing(desk: Desk) -> Decimal | None:
    """Return what the sheet of a desk holds in its cell."""
    saved = blind.saved_for(desk.by, desk.lot, "technical")
    return next((one.score for one in saved if (one.code, one.item) == (desk.code, CELL)), None)


def session(review: Review, number: int) -> dict[str, str]:
    """Return what the browser of a seat that is open now keeps: its session and the secret of its computer."""
    token, now = give_pass(review, number), clock.now()
    SeatPass.objects.filter(seat=SEATS[number - 1]).update(starts_at=now, until=now + timedelta(hours=1))
    secret, computer = computer_at(review.city.sites["市中心"].pk)
    store = SessionStore()
    store["seat"], store["computer"] = token, computer
    store.create()
    store.save()
    return {"sessionid": str(store.session_key), COMPUTER_COOKIE: secret}
