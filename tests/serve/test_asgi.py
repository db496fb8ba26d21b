"""What the root does before and after Django's threads: bodies, held answers, the door of the push streams."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from a2wsgi import WSGIMiddleware
from pytest_django import Settings

from mifeng.config import asgi
from mifeng.config.asgi import Root, conninfo, root
from tests.serve.test_live import Book, Page

Message = dict[str, Any]
Headers = list[tuple[bytes, bytes]]


def only_public(session_key: str, topic: str) -> bool:
    """Let everyone follow public topics, and one session its own."""
    return topic.startswith("public") or (session_key, topic) == ("key-of-a", "inbox:a")


def view(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as a view does: an act names its entry, ``/slow`` takes its time, everything else shows what came."""
    query = parse_qs(environ["QUERY_STRING"])
    if environ["PATH_INFO"].endswith("/act"):
        headers = [("Content-Type", "text/plain"), ("X-Receipt", query["entry"][0])]
        start_response(f"{query['status'][0]} Answer", headers)
        return [b"done"]
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "application/json")])
    seen = {name: value for name, value in environ.items() if name.startswith(("CONTENT_", "HTTP_"))}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return [json.dumps({"body": len(body), "seen": seen}).encode()]


@pytest.fixture
def book(committing: object, settings: Settings) -> Iterator[Book]:
    """Return a writer into a database of this test's own."""
    settings.LIVE_GATE = "tests.serve.test_asgi.only_public"
    written = Book(conninfo())
    yield written
    written.connection.close()


class Exchange:
    """One request to the root and its answer."""

    def __init__(self, path: str, *, method: str = "GET", headers: Headers = (), pieces: Iterable[bytes] = ()) -> None:
        address, _, query = path.partition("?")
        self.scope = {
            "type": "http",
            "method": method,
            "path": address,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), *headers],
            "http_version": "1.1",
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 8000),
        }
        self.pieces = list(pieces)
        self.received = 0
        self.answer: list[Message] = []
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        """Give the next piece of the body, then silence until the client leaves."""
        self.received += 1
        if self.pieces:
            piece = self.pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take one message of the answer."""
        self.answer.append(dict(message))

    async def through(self, serving: Root) -> "Exchange":
        """Play the exchange to its end."""
        await root({**self.scope, "state": {"root": serving}}, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        """Return the status of the answer."""
        return int(self.answer[0]["status"])

    @property
    def body(self) -> Any:
        """Return the JSON of the answer."""
        return json.loads(b"".join(message.get("body", b"") for message in self.answer[1:]))

    def header(self, name: bytes) -> bytes | None:
        """Return one header of the answer."""
        return dict(self.answer[0]["headers"]).get(name)


def play(story: Callable[[Root], Awaitable[None]]) -> None:
    """Play a story with a root whose threads run the view above."""

    async def played() -> None:
        serving = Root()
        serving.wsgi = WSGIMiddleware(view, workers=asgi.THREADS)
        await serving.feed.start()
        await serving.feed.ready(20)
        try:
            await asyncio.wait_for(story(serving), 30)
        finally:
            await serving.feed.close()

    asyncio.run(played())


LENGTH = b"content-length"


@pytest.mark.parametrize(
    ("headers", "pieces", "status", "code", "received"),
    [
        ([(LENGTH, b"67108865")], [b"x"], 413, "body-too-large", 0),
        ([(b"transfer-encoding", b"chunked")], [b"x" * 2**25] * 3, 413, "body-too-large", 3),
        ([(LENGTH, b"10")], [], 408, "body-too-slow", 1),
    ],
)
def test_a_body_that_cannot_be_taken_never_reaches_a_thread(
    book: Book,
    monkeypatch: pytest.MonkeyPatch,
    headers: Headers,
    pieces: list[bytes],
    status: int,
    code: str,
    received: int,
) -> None:
    monkeypatch.setattr(asgi, "SLOWEST_BODY", 0.1)
    found: list[Exchange] = []

    async def story(serving: Root) -> None:
        found.append(await Exchange("/", method="POST", headers=headers, pieces=pieces).through(serving))

    play(story)

    (exchange,) = found
    assert (exchange.status, exchange.body["code"], exchange.received) == (status, code, received)
    assert exchange.header(b"content-type") == b"application/problem+json"


@pytest.mark.parametrize(
    ("headers", "status", "reason", "says"),
    [
        ([(LENGTH, b"67108865")], 413, b"too-large", "上限64.0 MB"),
        ([(LENGTH, b"10")], 408, b"malformed", "提交的内容缺项或格式不对"),
    ],
)
def test_a_person_is_told_why_a_form_was_not_taken(
    book: Book, monkeypatch: pytest.MonkeyPatch, headers: Headers, status: int, reason: bytes, says: str
) -> None:
    monkeypatch.setattr(asgi, "SLOWEST_BODY", 0.1)
    browser = [*headers, (b"accept", b"text/html,application/xhtml+xml;q=0.9")]
    found: list[Exchange] = []

    async def story(serving: Root) -> None:
        found.append(await Exchange("/", method="POST", headers=browser).through(serving))

    play(story)

    (exchange,) = found
    page = b"".join(message.get("body", b"") for message in exchange.answer[1:]).decode()
    assert (exchange.status, exchange.header(b"x-reason")) == (status, reason)
    assert exchange.header(b"content-security-policy")
    assert all(words in page for words in (f'data-reason="{reason.decode()}"', says, "平台规则（ADR-1）"))


def test_slow_bodies_keep_no_thread_busy(book: Book) -> None:
    async def story(serving: Root) -> None:
        slow = [Exchange("/", method="POST", headers=[(LENGTH, b"10")]) for _ in range(asgi.THREADS * 2)]
        waiting = [asyncio.create_task(one.through(serving)) for one in slow]
        await asyncio.sleep(0.1)
        answered = await asyncio.wait_for(Exchange("/").through(serving), 2)
        assert answered.status == 200
        for one in slow:
            one.left.set()
        await asyncio.gather(*waiting)
        assert {(one.status, one.body["code"]) for one in slow} == {(408, "body-incomplete")}

    play(story)


def test_a_body_in_pieces_arrives_whole_with_its_length(book: Book) -> None:
    async def story(serving: Root) -> None:
        chunked = [(b"transfer-encoding", b"chunked")]
        pieces = [b"x" * 700_000, b"y" * 700_000, b""]
        taken = await Exchange("/", method="POST", headers=chunked, pieces=pieces).through(serving)
        assert taken.body["body"] == 1_400_000
        assert taken.body["seen"]["CONTENT_LENGTH"] == "1400000"
        assert "HTTP_TRANSFER_ENCODING" not in taken.body["seen"]

    play(story)


def test_a_header_cannot_pose_as_another(book: Book) -> None:
    async def story(serving: Root) -> None:
        posing = [(b"x_forwarded_for", b"10.0.0.1"), (b"x-request", b"1")]
        seen = (await Exchange("/", headers=posing).through(serving)).body["seen"]
        assert seen == {"HTTP_HOST": "localhost", "HTTP_X_REQUEST": "1"}

    play(story)


@pytest.mark.parametrize(
    ("status", "witnessed", "answer", "state"),
    [
        (202, True, 201, b"witnessed"),
        (202, False, 202, b"pending"),
        (303, True, 303, b"witnessed"),
        (303, False, 303, b"pending"),
        (200, True, 200, None),
        (422, True, 422, None),
    ],
)
def test_an_answer_to_an_act_says_whether_it_is_witnessed(
    book: Book, monkeypatch: pytest.MonkeyPatch, status: int, witnessed: bool, answer: int, state: bytes | None
) -> None:
    monkeypatch.setattr(asgi, "HOLD", 0.3)
    entry = book.enter("a.project:1")
    if witnessed:
        book.place(entry)

    async def story(serving: Root) -> None:
        exchange = await Exchange(f"/act?entry={entry}&status={status}").through(serving)
        assert (exchange.status, exchange.header(b"x-receipt-state")) == (answer, state)
        assert exchange.header(b"x-receipt") == str(entry).encode()
        assert b"".join(message.get("body", b"") for message in exchange.answer[1:]) == b"done"

    play(story)


def test_an_answer_to_a_bid_tells_no_number(book: Book) -> None:
    """Whoever hands in twice could count from it what others did in between (R071)."""
    entry = book.enter("a.project:1")
    book.place(entry)

    async def story(serving: Root) -> None:
        exchange = await Exchange(f"/reception/act?entry={entry}&status=202").through(serving)
        assert (exchange.status, exchange.header(b"x-receipt-state")) == (201, b"witnessed")
        assert exchange.header(b"x-receipt") is None

    play(story)


def test_forty_held_answers_keep_no_thread_busy(book: Book) -> None:
    entries = [book.enter("a.project:1") for _ in range(40)]

    async def story(serving: Root) -> None:
        acts = [Exchange(f"/act?entry={entry}&status=202") for entry in entries]
        waiting = [asyncio.create_task(act.through(serving)) for act in acts]
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in waiting)
        began = time.monotonic()
        await Exchange("/").through(serving)
        assert time.monotonic() - began < 0.4
        await asyncio.to_thread(book.place, *entries)
        await asyncio.to_thread(book.tell)
        await asyncio.gather(*waiting)
        assert {act.status for act in acts} == {201}

    play(story)


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/live", "GET", 422, "topics-missing"),
        ("/live?" + "&".join(f"topic=public:{number}" for number in range(21)), "GET", 422, "topics-missing"),
        ("/live?topic=public:1", "POST", 405, "method-not-allowed"),
        ("/live?topic=inbox:a", "GET", 404, "topic-unknown"),
        ("/live?topic=public:1&topic=inbox:a", "GET", 404, "topic-unknown"),
    ],
)
def test_a_stream_that_may_not_be_followed_is_refused(
    book: Book, path: str, method: str, status: int, code: str
) -> None:
    async def story(serving: Root) -> None:
        refused = await Exchange(path, method=method).through(serving)
        assert (refused.status, refused.body["code"]) == (status, code)
        assert not serving.feed.followers

    play(story)


def test_a_session_follows_its_own_topic_until_it_leaves(book: Book) -> None:
    page = Page()

    async def story(serving: Root) -> None:
        cookie = [(b"cookie", b"other=1; sessionid=key-of-a")]
        exchange = Exchange("/live?topic=inbox:a", headers=cookie)
        exchange.send = page.send  # type: ignore[method-assign]
        stream = asyncio.create_task(exchange.through(serving))
        while not serving.feed.followers:
            await asyncio.sleep(0.01)
        index = await asyncio.to_thread(book.change, "inbox:a")
        while not page.changes:
            await asyncio.sleep(0.01)
        assert page.changes == [{"index": index, "topics": ["inbox:a"]}]
        exchange.left.set()
        await stream
        assert not serving.feed.followers

    play(story)


def test_a_stopping_platform_opens_no_stream(book: Book) -> None:
    async def story(serving: Root) -> None:
        serving.feed.stop()
        refused = await Exchange("/live?topic=public:1").through(serving)
        assert (refused.status, refused.body["code"]) == (503, "push-unavailable")

    play(story)
