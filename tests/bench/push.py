"""Live push (实时推送): 200 open pages of one project, how soon each hears of a change, and that none is lost.

The clock starts when the notice of the witnessed tree leaves the database, which is when the platform itself first
hears of it. Every tenth page goes away half-way and comes back with the last id it saw.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Iterator

from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from mifeng.config.env import env
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.queries import history
from mifeng.parties.models import Post
from mifeng.tenders.actions import draft_document
from mifeng.tenders.models import Tender
from tests.bench.figures import Figure, at_least, at_most, percentile
from tests.bench.receipts import PATIENCE, Notices, listening
from tests.factories import City, accepted, stored

PAGES = 200
ACTS = 60
EVERY = 0.25  # seconds
LIMIT = 0.5  # seconds
EVENT = re.compile(rb"event: changed\nid: (\d+)\ndata: (.*)\n\n")


class Page:
    """One open page (页面): what it heard, and when."""

    def __init__(self, topic: str, cookie: str) -> None:
        self.topic, self.cookie = topic, cookie
        self.heard: dict[int, float] = {}
        self.open = asyncio.Event()

    async def follow(self, *, leave_after: int = 0) -> None:
        """Follow the topic until the stream ends, or until so many changes were heard."""
        reader, writer = await asyncio.open_connection(env().host, env().port)
        last = f"Last-Event-ID: {max(self.heard)}\r\n" if self.heard else ""
        writer.write(
            f"GET /live?topic={self.topic} HTTP/1.1\r\nHost: 127.0.0.1\r\n{last}Cookie: {self.cookie}\r\n\r\n".encode()
        )
        status = await reader.readline()
        if b" 200 " not in status:
            raise AssertionError(f"push refused: {status!r}")
        rest = b""
        try:
            while piece := await reader.read(65536):
                now = time.perf_counter()
                self.open.set()
                rest += piece
                for found in EVENT.finditer(rest):
                    if json.loads(found[2])["topics"] != [self.topic]:
                        raise AssertionError(f"a change of other topics: {found[2]!r}")
                    self.heard.setdefault(int(found[1]), now)
                rest = rest[max((found.end() for found in EVENT.finditer(rest)), default=0) :]
                if leave_after and len(self.heard) >= leave_after:
                    return
        finally:
            writer.close()


def measure(city: City) -> Iterator[Figure]:
    """Yield the rows of median, 99th percentile and completeness."""
    tender = accepted(city)
    topic = f"tenders.tender:{tender.pk}"
    cookie = f"sessionid={session('agency-a')}"
    with listening() as notices:
        pages, expected = asyncio.run(watch(topic, cookie, tender, city["agency-a"], notices))
    returning = set(range(0, PAGES, 10))
    waits = [
        max(0.0, at - notices.witnessed_at(index))
        for number, page in enumerate(pages)
        if number not in returning
        for index, at in page.heard.items()
    ]
    wanted = len(expected) * PAGES
    heard = sum(len(expected & page.heard.keys()) for page in pages)
    yield at_most(f"push to {PAGES} pages, median", percentile(waits, 50), "s", LIMIT)
    yield at_most(f"push to {PAGES} pages, 99th percentile", percentile(waits, 99), "s", LIMIT)
    yield at_least(f"push to {PAGES} pages, changes heard", heard, "changes", wanted)


async def watch(topic: str, cookie: str, tender: Tender, by: Actor, notices: Notices) -> tuple[list[Page], set[int]]:
    """Open the pages, let the project change, and return the pages with the changes that each must have heard."""
    pages = [Page(topic, cookie) for _ in range(PAGES)]

    async def visit(number: int, page: Page) -> None:
        if number % 10 == 0:
            await page.follow(leave_after=ACTS // 2)
            await asyncio.sleep(2 * EVERY)
        await page.follow()

    tasks = [asyncio.create_task(visit(number, page)) for number, page in enumerate(pages)]
    await asyncio.gather(*(asyncio.wait_for(page.open.wait(), PATIENCE) for page in pages))
    acting = threading.Thread(target=change, args=(tender, by))
    acting.start()
    expected = await asyncio.to_thread(changes, topic, acting, notices)
    until = time.perf_counter() + 10
    while time.perf_counter() < until and any(not expected <= page.heard.keys() for page in pages):
        await asyncio.sleep(0.05)
    for task in tasks:
        if task.done() and task.exception():
            raise task.exception()  # type: ignore[misc]
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return pages, expected


def change(tender: Tender, by: Actor) -> None:
    """Hand in one version of the document after another."""
    file = stored()
    try:
        for _ in range(ACTS):
            draft_document(tender.pk, file, name="招标文件.pdf", by=by)
            time.sleep(EVERY)
    finally:
        connections.close_all()


def changes(topic: str, acting: threading.Thread, notices: Notices) -> set[int]:
    """Return the places in the log of all changes, once the last is witnessed."""
    acting.join()
    try:
        until = time.perf_counter() + PATIENCE
        while time.perf_counter() < until:
            lines = [line for line in history([topic], limit=ACTS + 10) if line.type == "draft_document"]
            if len(lines) == ACTS and all(line.index is not None for line in lines):
                found = {line.index for line in lines if line.index is not None}
                notices.wait_for(max(found) + 1)
                return found
            time.sleep(0.05)
        raise AssertionError("the changes have no places in the log")
    finally:
        connections.close_all()


def session(account: str) -> str:
    """Return the key of a session in which the person of an account is signed in."""
    store = SessionStore()
    store["person"] = str(Post.objects.get(person__account=account).person_id)
    store.create()
    store.save()
    return str(store.session_key)
