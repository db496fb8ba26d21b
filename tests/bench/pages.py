"""How soon a page is there (页面时延): 20 users of all posts, each opens a page every other second.

The projects are 100, in all states up to a running review; lists are as long as a page shows them.
Everybody has opened each of these pages once before, on a platform that has done the jobs it was left.
"""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence

import httpx

from mifeng.config.env import env
from tests.actions.reviews import Review, reach
from tests.bench.autosave import session as seat_cookies
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.push import session
from tests.factories import City, entered

USERS, PAGES = 20, 12
PROJECTS = 100
THINKS = 2.0  # seconds between two pages, on average
LIMIT = 1.0  # seconds
SEED = 20
Cookies = dict[str, str]


def prepared(city: City) -> list[tuple[Cookies, Sequence[str]]]:
    """Return the ways of all posts through their pages; made before the platform runs and lends a hand."""
    review = reach(city, "reviewing")
    for _ in range(PROJECTS - 1):
        entered(city)
    return _ways(review)


def measure(ways: list[tuple[Cookies, Sequence[str]]]) -> Iterator[Figure]:
    """Yield the rows of median and 95th percentile, all posts together."""
    drawn = random.Random(SEED)  # noqa: S311 - an order of pages
    users = [(ways[number % len(ways)], drawn.random()) for number in range(USERS)]
    waits = asyncio.run(browse(users))
    yield at_most(f"pages at {USERS} users, median", percentile(waits, 50), "s", LIMIT)
    yield at_most(f"pages at {USERS} users, 95th percentile", percentile(waits, 95), "s", LIMIT)


def _ways(review: Review) -> list[tuple[Cookies, Sequence[str]]]:
    """Return the cookies of each post and the pages that it goes round; the public has none."""
    project, lot = review.lot.tender_id, review.lot.pk
    workspace = [f"/workspace/{project}{part}" for part in ("", f"/lots/{lot}/evaluation", "/seats")]
    return [
        ({}, ["/", f"/projects/{project}", "/sites", "/rules", "/verify"]),
        (cookies("agency-a"), ["/workspace/", *workspace, "/hall/"]),
        (cookies("buyer"), ["/workspace/", *workspace[:2], "/account/inbox"]),
        (cookies("host"), ["/site/", "/site/?view=projects", "/site/board", "/site/seats"]),
        (cookies("supervisor"), ["/cockpit/", f"/cockpit/{project}", f"/cockpit/{project}/lots/{lot}"]),
        (cookies("bidder-1"), ["/supplier/", "/supplier/?all=1", f"/supplier/{project}"]),
        (cookies("librarian"), ["/library/", "/library/draws"]),
        (seat_cookies(review, 2), [f"/desk/{lot}"]),
    ]


async def browse(users: Sequence[tuple[tuple[Cookies, Sequence[str]], float]]) -> list[float]:
    """Let all users browse at once and return how long each page took."""
    found = await asyncio.gather(*(visit(*way, late) for way, late in users))
    return [wait for waits in found for wait in waits]


def cookies(account: str) -> Cookies:
    """Return what the browser keeps in which the person of an account is signed in."""
    return {"sessionid": session(account)}


async def visit(kept: Cookies, addresses: Sequence[str], late: float) -> list[float]:
    """Open one page after another, with a pause to read."""
    waits = []
    async with httpx.AsyncClient(base_url=env().url, trust_env=False, timeout=30.0, cookies=kept) as client:
        for address in addresses:
            await client.get(address)
            await asyncio.sleep(THINKS * late)
        for turn in range(PAGES):
            began = time.perf_counter()
            answer = await client.get(addresses[turn % len(addresses)])
            waits.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise AssertionError(f"{answer.url}: {answer.status_code}")
            await asyncio.sleep(THINKS * (0.5 + late))
    return waits
