"""Live push and held receipts (实时推送与回执), both on one LISTEN connection.

NOTIFY only wakes: it may come late, twice or, over a lost connection, not at all. What happened is always read from the
table of sequenced entries, one query for everybody who waits. A page that follows a topic is told "row N changed" and
nothing else, and fetches what it may see through the ordinary doors; ``id:`` is the leaf's index, so a page that comes
back with ``Last-Event-ID`` misses nothing, and a page that reads too slowly is caught up from the table.

A receipt is held without a thread until its entry is under a cosigned checkpoint, three seconds at most.
"""

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

CHECKPOINT, STOP = "mifeng_checkpoint", "mifeng_stop"
LOOK_AT_LEAST_EVERY = 15.0  # seconds; a notice may be lost
QUEUE = 64  # changes a slow reader may be behind before it is caught up from the table
BATCH = 500
FIRST_LOOK = 5.0  # seconds a new follower waits for the database

WITNESSED = """
    SELECT l.entry_id FROM kernel_leaf l
    WHERE l.entry_id = ANY(%s) AND l."index" < (SELECT max(checkpoint_id) FROM kernel_cosignature)
"""
LATEST = 'SELECT coalesce(max("index"), -1) FROM kernel_leaf'
NEW = """
    SELECT l."index", array_agg(DISTINCT s.subject)
    FROM (SELECT * FROM kernel_leaf WHERE "index" > %s ORDER BY "index" LIMIT %s) l
    CROSS JOIN LATERAL (
        SELECT e.subject FROM kernel_entry e WHERE e.id = l.entry_id
        UNION SELECT r.subject FROM kernel_reference r WHERE r.entry_id = l.entry_id
    ) s
    GROUP BY l."index" ORDER BY l."index"
"""
MISSED = """
    SELECT l."index", array_agg(DISTINCT s.subject)
    FROM (
        SELECT e.id AS entry_id, e.subject FROM kernel_entry e WHERE e.subject = ANY(%(topics)s)
        UNION SELECT r.entry_id, r.subject FROM kernel_reference r WHERE r.subject = ANY(%(topics)s)
    ) s
    JOIN kernel_leaf l ON l.entry_id = s.entry_id
    WHERE l."index" > %(after)s
    GROUP BY l."index" ORDER BY l."index" LIMIT %(limit)s
"""

HEARTBEAT = 15.0  # seconds
LIFE = 15 * 60.0  # seconds; then the page comes back and is asked again what it may see

log = logging.getLogger(__name__)
Change = tuple[int, list[str]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Follower:
    """One open push stream (订阅者): the topics it may follow and the changes it has not read yet."""

    def __init__(self, topics: Iterable[str], after: int, *, behind: bool) -> None:
        self.topics = frozenset(topics)
        self.sent = after
        self.behind = behind
        self.ended = False
        self.changes: deque[Change] = deque()
        self.wake = asyncio.Event()

    def offer(self, index: int, topics: list[str]) -> None:
        """Take a change into the queue; when that is full, give it up and have the table read instead."""
        if len(self.changes) >= QUEUE:
            self.changes.clear()
            self.behind = True
        elif not self.behind:
            self.changes.append((index, topics))
        self.wake.set()

    def take(self) -> list[Change]:
        """Return what waits in the queue, and empty it."""
        changes = list(self.changes)
        self.changes.clear()
        return changes

    def end(self) -> None:
        """Ask the stream to end."""
        self.ended = True
        self.wake.set()


class Feed:
    """Reads the sequenced entries once for all who wait for them (变更源)."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.pool = AsyncConnectionPool(
            conninfo, min_size=1, max_size=4, open=False, timeout=5, kwargs={"autocommit": True}
        )
        self.position = -1
        self.followers: set[Follower] = set()
        self.receipts: dict[int, list[asyncio.Future[bool]]] = {}
        self.stopping = False
        self._look = asyncio.Event()
        self._looked = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to listen. The database may be away: whoever waits is served once it is back."""
        await self.pool.open(wait=False)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._look_again())]

    async def ready(self, within: float = FIRST_LOOK) -> None:
        """Wait until notices are heard and the table has been looked at.

        Raises:
            TimeoutError: when the database stays away.
        """
        await asyncio.wait_for(self._looked.wait(), within)

    async def close(self) -> None:
        """End all streams and connections."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pool.close()

    def stop(self) -> None:
        """End every stream and let go of every held receipt: the platform is about to stop."""
        self.stopping = True
        for follower in self.followers:
            follower.end()
        for futures in self.receipts.values():
            for future in futures:
                if not future.done():
                    future.set_result(False)

    async def witnessed(self, entry: int, within: float) -> bool:
        """Wait until an entry is under a cosigned checkpoint; say whether that came true in time."""
        if self.stopping:
            return False
        future = asyncio.get_running_loop().create_future()
        self.receipts.setdefault(entry, []).append(future)  # before the first look, so that no notice falls between
        self._look.set()
        try:
            return await asyncio.wait_for(future, within)
        except TimeoutError:
            return False
        finally:
            waiting = self.receipts[entry]
            waiting.remove(future)
            if not waiting:
                del self.receipts[entry]

    @contextlib.asynccontextmanager
    async def following(self, topics: Iterable[str], after: int | None) -> AsyncIterator[Follower]:
        """Follow topics for the length of a block, from the leaf after ``after``, or from now on.

        Raises:
            TimeoutError: when the database stays away.
        """
        await self.ready()
        resumed = after is not None and after < self.position
        follower = Follower(topics, after if after is not None and resumed else self.position, behind=resumed)
        self.followers.add(follower)
        try:
            yield follower
        finally:
            self.followers.discard(follower)

    async def missed(self, follower: Follower) -> list[Change]:
        """Return what a follower that is behind has not been sent yet; it is behind no longer when that is all."""
        follower.behind = False  # before the query: what comes during it is queued, and told apart by its index
        follower.changes.clear()
        query = {"topics": list(follower.topics), "after": follower.sent, "limit": BATCH}
        try:
            async with self.pool.connection() as connection:
                rows = await (await connection.execute(MISSED, query)).fetchall()
        except psycopg.Error:
            follower.behind = True
            raise
        follower.behind = follower.behind or len(rows) == BATCH
        return [(index, subjects) for index, subjects in rows]

    async def _listen(self) -> None:
        """Keep one connection on which notices arrive; after each new one look at the table."""
        while not self.stopping:
            try:
                connection = await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True)
                async with connection:
                    for channel in (CHECKPOINT, STOP):
                        await connection.execute(f"LISTEN {channel}")
                    self._look.set()
                    while not self.stopping:
                        async for notice in connection.notifies(timeout=LOOK_AT_LEAST_EVERY):
                            self._heard(notice.channel)
                        self._look.set()
            except psycopg.Error as error:
                log.warning("listening interrupted: %s", type(error).__name__)
                await asyncio.sleep(0.5)

    def _heard(self, channel: str) -> None:
        if channel == STOP:
            self.stop()
        else:
            self._look.set()

    async def _look_again(self) -> None:
        """Look at the table whenever somebody asks; requests that come during a look share the next."""
        while True:
            await self._look.wait()
            self._look.clear()
            try:
                async with self.pool.connection() as connection:
                    await self._answer_receipts(connection)
                    await self._tell_followers(connection)
                self._looked.set()
            except psycopg.Error as error:
                log.warning("look interrupted: %s", type(error).__name__)
                await asyncio.sleep(0.5)
                self._look.set()

    async def _answer_receipts(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        if not self.receipts:
            return
        for (entry,) in await (await connection.execute(WITNESSED, [list(self.receipts)])).fetchall():
            for future in self.receipts.get(entry, []):
                if not future.done():
                    future.set_result(True)

    async def _tell_followers(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        if not self.followers:
            row = await (await connection.execute(LATEST)).fetchone()
            # Whoever began to follow during this query counts from the old position; it reads the rest of the table.
            if row and not self.followers:
                self.position = row[0]
            return
        while True:
            rows = await (await connection.execute(NEW, [self.position, BATCH])).fetchall()
            for index, subjects in rows:
                self.position = index
                for follower in self.followers:
                    if topics := follower.topics.intersection(subjects):
                        follower.offer(index, sorted(topics))
            if len(rows) < BATCH:
                return


async def stream(feed: Feed, follower: Follower, send: Send) -> None:
    """Send a follower its changes as server-sent events until it leaves, its time is over or the platform stops."""

    async def write(text: str) -> None:
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    ends = asyncio.get_running_loop().time() + LIFE
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    # An event without data is not dispatched, yet its id is kept: from now on the page knows where it stands.
    await write(f"retry: 1000\nid: {follower.sent}\n\n")
    try:
        while not follower.ended and asyncio.get_running_loop().time() < ends:
            follower.wake.clear()
            changes = await feed.missed(follower) if follower.behind else follower.take()
            for index, topics in changes:
                if index > follower.sent:
                    follower.sent = index
                    await write(event(index, topics))
            if changes or follower.behind:
                continue
            try:
                await asyncio.wait_for(follower.wake.wait(), HEARTBEAT)
            except TimeoutError:
                await write(": \n\n")
    except psycopg.Error as error:
        log.warning("stream ended: %s", type(error).__name__)  # the page comes back with its last id
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def event(index: int, topics: list[str]) -> str:
    """Return one event: the leaf's index and those of the page's own topics that it touches, nothing else."""
    data = json.dumps({"index": index, "topics": topics}, separators=(",", ":"))
    return f"event: changed\nid: {index}\ndata: {data}\n\n"
