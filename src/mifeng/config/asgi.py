"""The ASGI root (总入口): one port, one application.

``/live`` is answered here, without a thread. Everything else is Django's, run in eight threads; what must not keep the
threads busy happens before and after them: a request's body is read to its end, and refused when too large, before a
thread sees it, and an answer that names a ledger entry (``X-Receipt``) is held until a witness has signed, after the
thread is free again.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import IO, Any, Protocol, cast
from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, close_old_connections, connection, connections
from django.http import parse_cookie
from django.utils.module_loading import import_string
from psycopg.conninfo import make_conninfo

from mifeng.config.env import env
from mifeng.config.live import Feed, Follower, stream
from mifeng.config.processes import die_with_server
from mifeng.config.wsgi import application
from mifeng.kernel.instance import check_mode
from mifeng.rules.errors import Reason
from mifeng.web.shell.errors import unread
from mifeng.web.shell.middleware import POLICY

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

THREADS = 8
HOLD = 3.0  # seconds an answer waits for its receipt
HELD = {202, 303}  # the answers to an act: from the API, and from a form
UNCOUNTED = "/reception/"  # an entry's number would tell a bidder how many acts lie between two of its own
IN_MEMORY = 2**20  # bytes of a body kept in memory; more goes to a temporary file
PIECE = 64 * 2**10
SLOWEST_BODY = 30.0  # seconds between two pieces of a body
TOPICS = 20
FOLLOWERS = 2000
TITLES = {
    404: "没有可关注的事项",
    405: "此地址只能读取",
    408: "请求内容迟迟未到",
    413: "请求内容超出上限",
    422: f"应指明 1 至 {TOPICS} 个关注事项",
    503: "暂时无法推送，请稍后再试",
}


# What a person is told whose form is not taken, and under which clause; programs get the code of their own kind.
REASONS = {408: "malformed", 413: "too-large"}


class Gate(Protocol):
    """Says whether the person of a session may follow a topic (准入); found by the dotted name ``LIVE_GATE``."""

    def __call__(self, session_key: str, topic: str) -> bool:
        """Answer in a thread that may use Django's connections; no session is an empty key."""
        ...


class Refused(Exception):
    """The root itself refuses a request."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Root:
    """Holds what the root needs while the server runs (入口)."""

    def __init__(self) -> None:
        self.wsgi = WSGIMiddleware(cast("Any", application), workers=THREADS)
        self.limit = env().body_mib * 2**20
        self.feed = Feed(conninfo())
        self.gate: Gate = import_string(settings.LIVE_GATE)
        self.gate_threads = ThreadPoolExecutor(2, thread_name_prefix="gate")

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["path"] == "/live":
                await self.live(scope, receive, send)
            else:
                await self.django(scope, receive, send)
        except Refused as refused:
            if refused.status in REASONS and b"text/html" in dict(scope["headers"]).get(b"accept", b""):
                await send_page(send, refused.status, self.limit)
            else:
                await send_problem(send, refused)

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a push stream for topics that the session may follow."""
        headers = dict(scope["headers"])
        topics = sorted(set(parse_qs(scope["query_string"].decode("latin-1")).get("topic", [])))
        if scope["method"] != "GET":
            raise Refused(405, "method-not-allowed")
        if not 1 <= len(topics) <= TOPICS:
            raise Refused(422, "topics-missing")
        if self.feed.stopping or len(self.feed.followers) >= FOLLOWERS:
            raise Refused(503, "push-unavailable")
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        key = cookies.get(settings.SESSION_COOKIE_NAME, "")
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(self.gate_threads, self.permits, key, topics):
            raise Refused(404, "topic-unknown")
        async with AsyncExitStack() as stack:
            try:
                following = self.feed.following(topics, last_event(headers))
                follower = await stack.enter_async_context(following)
            except TimeoutError:
                raise Refused(503, "push-unavailable") from None
            leaving = asyncio.create_task(end_when_gone(receive, follower))
            stack.callback(leaving.cancel)
            await stream(self.feed, follower, send)

    def permits(self, session_key: str, topics: list[str]) -> bool:
        """Ask Django, in a thread, whether the session may follow all of these topics."""
        try:
            return all(self.gate(session_key, topic) for topic in topics)
        finally:
            close_old_connections()

    async def django(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Django answer; hold the answer to an act until its receipt can be proven."""
        held: list[Message] = []
        entry: int | None = None

        async def take(message: Message) -> None:
            nonlocal entry
            if message["type"] == "http.response.start":
                entry = receipt(message)
            if entry is None:
                await send(message)
            else:
                held.append(message)

        with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
            size = await read_body(scope, receive, body, self.limit)
            await self.wsgi(cast("Any", for_django(scope, size)), cast("Any", replay(body, size)), cast("Any", take))
        if entry is None:
            return
        witnessed = await self.feed.witnessed(entry, HOLD)
        start = held[0]
        uncounted = scope["path"].startswith(UNCOUNTED)
        kept = [one for one in start["headers"] if not (uncounted and one[0] == b"x-receipt")]
        start["headers"] = [*kept, (b"x-receipt-state", b"witnessed" if witnessed else b"pending")]
        if witnessed and start["status"] == 202:
            start["status"] = 201
        for message in held:
            await send(message)


def conninfo() -> str:
    """Return the address of Django's database for connections that are not Django's."""
    given = connections["default"].settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    parts = {libpq: given[name] for name, libpq in names.items() if given[name]}
    texts = {name: value for name, value in given["OPTIONS"].items() if isinstance(value, str)}
    return make_conninfo("", **parts, **texts)


def receipt(start: Message) -> int | None:
    """Return the ledger entry that an answer to an act names, if it does."""
    if start["status"] in HELD:
        for name, value in start["headers"]:
            if name == b"x-receipt" and value.isdigit():
                return int(value)
    return None


def last_event(headers: dict[bytes, bytes]) -> int | None:
    """Return the leaf after which a page that comes back wants to go on."""
    text = headers.get(b"last-event-id", b"")
    return int(text) if text.isdigit() and len(text) < 19 else None


async def end_when_gone(receive: Receive, follower: Follower) -> None:
    """Wait until the page is closed, then end its stream."""
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()


async def read_body(scope: Scope, receive: Receive, body: IO[bytes], limit: int) -> int:
    """Read a request's body to its end and return its size in bytes.

    Raises:
        Refused: when it is larger than ``limit`` bytes or does not come.
    """
    headers = dict(scope["headers"])
    declared = headers.get(b"content-length", b"")
    if not declared and b"transfer-encoding" not in headers:
        return 0
    if declared.isdigit() and int(declared) > limit:
        raise Refused(413, "body-too-large")
    size, more = 0, True
    while more:
        try:
            message = await asyncio.wait_for(coroutine(receive), SLOWEST_BODY)
        except TimeoutError:
            raise Refused(408, "body-too-slow") from None
        if message["type"] == "http.disconnect":
            raise Refused(408, "body-incomplete")
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise Refused(413, "body-too-large")
        body.write(piece)
        more = message.get("more_body", False)
    body.seek(0)
    return size


async def coroutine(receive: Receive) -> Message:
    """Await the server's ``receive``, whose answer can be awaited but is no coroutine."""
    return await receive()


def for_django(scope: Scope, size: int) -> Scope:
    """Return the scope with the body's true size and without headers that CGI names would let pose as others."""
    length = (b"content-length", b"%d" % size)
    dropped = {b"content-length", b"transfer-encoding"}
    kept = [(name, value) for name, value in scope["headers"] if name not in dropped and b"_" not in name]
    return {**scope, "headers": [*kept, length] if size else kept}


def replay(body: IO[bytes], size: int) -> Receive:
    """Return a ``receive`` that gives a body which has been read already."""
    left = size

    async def receive() -> Message:
        nonlocal left
        piece = body.read(PIECE)
        left -= len(piece)
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    return receive


async def send_problem(send: Send, refused: Refused) -> None:
    """Answer with a problem body (RFC 9457)."""
    problem = {"type": "about:blank", "title": TITLES[refused.status], "status": refused.status, "code": refused.code}
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem, ensure_ascii=False).encode()})


async def send_page(send: Send, status: int, limit: int) -> None:
    """Answer a person's browser with a page that says the reason."""
    reason = Reason(REASONS[status], {"limit": limit} if status == 413 else {})
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", POLICY.encode()),
        (b"x-reason", reason.code.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": unread(status, reason)})


async def root(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection of the server: a request, or the server's own beginning and end."""
    if scope["type"] == "http":
        await scope["state"]["root"].http(scope, receive, send)
    elif scope["type"] == "lifespan":
        await lifespan(scope, receive, send)


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin to listen when the server starts, end the streams when it stops.

    A root that cannot be made ends the server, which would otherwise go on and answer every request with an error.
    """
    await receive()
    die_with_server()
    try:
        await asyncio.to_thread(refuse_other_mode)
        serving = scope["state"]["root"] = Root()
        await serving.feed.start()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await serving.feed.close()
    await send({"type": "lifespan.shutdown.complete"})


def refuse_other_mode() -> None:
    """End a server whose test mode is not the database's; one that is away, or not set up yet, ``/readyz`` reports."""
    try:
        with contextlib.suppress(DatabaseError, ObjectDoesNotExist):
            check_mode()
    finally:
        connection.close()
