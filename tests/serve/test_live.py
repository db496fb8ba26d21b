"""Push streams and held receipts lose nothing, whatever happens to notices, connections and slow readers."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from mifeng.config import live
from mifeng.config.asgi import conninfo
from mifeng.config.live import Feed, Follower


class Book:
    """Writes sequenced entries as the sequencer does, straight into the tables."""

    def __init__(self, address: str) -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        row = self.connection.execute('SELECT coalesce(max("index"), -1) FROM kernel_leaf').fetchone()
        self.size = int(row[0]) + 1 if row else 0

    def enter(self, subject: str, *more: str) -> int:
        """Write an entry that waits for its place."""
        name = secrets.token_hex(8)
        stream = self.one("INSERT INTO kernel_stream (name) VALUES (%s) RETURNING id", name)
        entry = self.one(
            "INSERT INTO kernel_entry (stream_id, type, subject, actor_handle, at, leaf, data, salt)"
            " VALUES (%s, 'plant', %s, 'planter', now(), %s, '', '') RETURNING id",
            stream,
            subject,
            secrets.token_bytes(32),
        )
        for other in more:
            self.one("INSERT INTO kernel_reference (entry_id, subject) VALUES (%s, %s) RETURNING 1", entry, other)
        return entry

    def place(self, *entries: int) -> int:
        """Give entries their places and have them cosigned, in one transaction; return the index of the last."""
        with self.connection.transaction():
            for entry in entries:
                self.one('INSERT INTO kernel_leaf ("index", entry_id) VALUES (%s, %s) RETURNING 1', self.size, entry)
                self.size += 1
            self.one("INSERT INTO kernel_checkpoint VALUES (%s, '', '', now()) RETURNING 1", self.size)
            self.one(
                "INSERT INTO kernel_cosignature (checkpoint_id, witness, line, at)"
                " VALUES (%s, 'w', '', now()) RETURNING 1",
                self.size,
            )
        return self.size - 1

    def tell(self) -> None:
        """Give the notice."""
        self.connection.execute("SELECT pg_notify('mifeng_checkpoint', %s)", [str(self.size)])

    def change(self, subject: str, *more: str) -> int:
        """Enter, place and tell."""
        index = self.place(self.enter(subject, *more))
        self.tell()
        return index

    def one(self, query: str, *values: object) -> int:
        """Return the one number that a statement returns."""
        row = self.connection.execute(query, values).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def book(committing: object) -> Iterator[Book]:
    """Return a writer into a database of this test's own."""
    written = Book(conninfo())
    yield written
    written.connection.close()


class Page:
    """Reads a stream as a browser does."""

    def __init__(self) -> None:
        self.text = ""
        self.ended = False
        self.reading: asyncio.Task[None] | None = None

    async def send(self, message: dict[str, Any]) -> None:
        """Take one message of the answer."""
        self.text += message.get("body", b"").decode()
        self.ended = message["type"] == "http.response.body" and not message["more_body"]

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return the data of the events that came."""
        return [json.loads(line[6:]) for line in self.text.splitlines() if line.startswith("data: ")]

    @property
    def indexes(self) -> list[int]:
        """Return which leaves changed, in the order in which the page was told."""
        return [change["index"] for change in self.changes]


def run(story: Callable[[Feed], Awaitable[None]]) -> None:
    """Play a story with a feed that listens."""

    async def play() -> None:
        feed = Feed(conninfo())
        await feed.start()
        await feed.ready(20)
        try:
            await asyncio.wait_for(story(feed), 30)
        finally:
            await feed.close()

    asyncio.run(play())


async def reading(feed: Feed, page: Page, *topics: str, after: int | None = None) -> Follower:
    """Open a stream for a page and return its follower once it is listening."""
    opened: asyncio.Future[Follower] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        async with feed.following(topics, after) as follower:
            opened.set_result(follower)
            await live.stream(feed, follower, page.send)

    page.reading = asyncio.create_task(read())
    return await opened


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; the story's own time is the limit."""
    while not holds():
        await asyncio.sleep(0.01)


def test_two_hundred_pages_are_told_of_every_change_in_order(book: Book) -> None:
    pages = [Page() for _ in range(200)]
    told: list[int] = []

    async def story(feed: Feed) -> None:
        for page in pages:
            await reading(feed, page, "a.project:1")
        for _ in range(50):
            told.append(await asyncio.to_thread(book.change, "a.project:1"))
        await until(lambda: all(len(page.indexes) >= 50 for page in pages))

    run(story)

    assert all(page.indexes == told for page in pages)


def test_a_page_is_told_only_of_its_own_topics_and_of_nothing_else(book: Book) -> None:
    page = Page()

    async def story(feed: Feed) -> None:
        await reading(feed, page, "a.project:1", "a.project:2")
        await asyncio.to_thread(book.change, "a.bid:7")
        await asyncio.to_thread(book.change, "a.bid:8", "a.project:2")
        await asyncio.to_thread(book.change, "a.project:1", "a.bid:9", "a.project:2")
        await until(lambda: len(page.changes) >= 2)

    run(story)

    first, second = book.size - 2, book.size - 1
    assert page.changes == [
        {"index": first, "topics": ["a.project:2"]},
        {"index": second, "topics": ["a.project:1", "a.project:2"]},
    ]
    assert "bid" not in page.text


def test_a_page_that_comes_back_is_told_what_it_missed(book: Book) -> None:
    seen = book.change("a.project:1")
    missed = [book.change("a.project:1") for _ in range(3)]
    book.change("a.project:2")
    back, new = Page(), Page()

    async def story(feed: Feed) -> None:
        await reading(feed, back, "a.project:1", after=seen)
        await reading(feed, new, "a.project:1")
        missed.append(await asyncio.to_thread(book.change, "a.project:1"))
        await until(lambda: len(back.indexes) >= 4 and len(new.indexes) >= 1)

    run(story)

    assert back.indexes == missed
    assert new.indexes == missed[-1:]


def test_a_page_that_reads_too_slowly_is_caught_up_from_the_table(book: Book) -> None:
    page = Page()
    may_read = asyncio.Event()
    count = live.QUEUE * 3

    class SlowPage(Page):
        async def send(self, message: dict[str, Any]) -> None:
            if b"data" in message.get("body", b""):
                await may_read.wait()
            await super().send(message)

    page = SlowPage()

    async def story(feed: Feed) -> None:
        follower = await reading(feed, page, "a.project:1")
        for _ in range(3):  # the first batch finds the page reading, the next fill its queue
            await asyncio.to_thread(book.place, *[book.enter("a.project:1") for _ in range(count // 3)])
            await asyncio.to_thread(book.tell)
            await asyncio.sleep(0.2)
        await until(lambda: follower.behind)
        may_read.set()
        await until(lambda: len(page.indexes) >= count)

    run(story)

    assert page.indexes == list(range(book.size - count, book.size))


def test_changes_made_while_nobody_listened_are_found_in_the_table(book: Book) -> None:
    page = Page()
    told: list[int] = []

    async def story(feed: Feed) -> None:
        await reading(feed, page, "a.project:1")
        told.append(await asyncio.to_thread(book.change, "a.project:1"))
        await until(lambda: len(page.indexes) == 1)
        for _ in range(3):
            book.connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            told.append(await asyncio.to_thread(book.place, book.enter("a.project:1")))  # and no notice
            await until(lambda: len(page.indexes) == len(told))

    run(story)

    assert page.indexes == told


def test_all_streams_end_when_the_platform_stops(book: Book) -> None:
    pages = [Page() for _ in range(20)]

    async def story(feed: Feed) -> None:
        for page in pages:
            await reading(feed, page, "a.project:1")
        await asyncio.to_thread(book.connection.execute, "NOTIFY mifeng_stop")
        await until(lambda: all(page.ended for page in pages))
        assert not feed.followers
        assert not await feed.witnessed(1, 5)

    run(story)


def test_a_receipt_is_held_until_a_witness_has_signed(book: Book) -> None:
    entry = book.enter("a.project:1")
    answers: dict[str, bool] = {}

    async def story(feed: Feed) -> None:
        answers["too early"] = await feed.witnessed(entry, 0.2)
        waiting = asyncio.create_task(feed.witnessed(entry, 10))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await asyncio.to_thread(book.place, entry)
        await asyncio.to_thread(book.tell)
        answers["in time"] = await waiting
        answers["at once"] = await feed.witnessed(entry, 0.5)
        answers["unknown"] = await feed.witnessed(entry + 1, 0.2)
        assert feed.receipts == {}

    run(story)

    assert answers == {"too early": False, "in time": True, "at once": True, "unknown": False}


def test_a_checkpoint_that_no_witness_has_signed_proves_nothing(book: Book) -> None:
    entry = book.enter("a.project:1")
    book.one('INSERT INTO kernel_leaf ("index", entry_id) VALUES (%s, %s) RETURNING 1', book.size, entry)
    book.one("INSERT INTO kernel_checkpoint VALUES (%s, '', '', now()) RETURNING 1", book.size + 1)
    book.tell()

    async def story(feed: Feed) -> None:
        assert not await feed.witnessed(entry, 0.3)

    run(story)
