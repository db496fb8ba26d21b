"""A story under kills (受扰演示): its people and programs do again what got no answer; programs die at chosen moments.

Nothing of the story is left out or told otherwise. A person sends the same form again, with the same key in it; a
bidder gives the same command again, as its message says; nobody knows that anything was killed.
"""

import io
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pikepdf
import psycopg

from mifeng.sample.demo.browser import File, Form, Page, Person, Unexpected
from mifeng.sample.demo.pages import paper
from mifeng.sample.demo.stage import Stage
from tests.stack import Stack

AGAIN = 0.2  # seconds between two tries
PATIENCE = 240.0  # a killed worker's jobs are taken up again by a look every minute
LOOK = 0.005
UNANSWERED = "平台没有答复"
AWAY = re.compile(r"OperationalError|mifeng clock: |mifeng export: ")
RECEIVED = "答复已经收到"
LARGE, DRAWINGS = "bidder-1", 24 * 2**20


class Steadfast(httpx.BaseTransport):
    """Sends a request again until somebody answers it (不懈的连接)."""

    def __init__(self) -> None:
        self.inner = httpx.HTTPTransport()
        self.repeated = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the first answer that is one."""
        request.read()
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                response = self.inner.handle_request(request)
                response.read()
                if response.status_code < 500 or time.monotonic() > limit:
                    return response
            except httpx.TransportError:
                if time.monotonic() > limit:
                    raise
            self.repeated += 1
            time.sleep(AGAIN)

    def close(self) -> None:
        """Let go of connections."""
        self.inner.close()


class Tireless(Person):
    """A person who sends a form again when no answer came (不懈的使用者)."""

    def __init__(self, base: str, account: str = "", password: str = "") -> None:
        self.line = Steadfast()
        super().__init__(base, account, password, transport=self.line)

    def send(self, form: Form, *, file: File | None = None, expect: str = "", **fields: str) -> Page:
        """Send a form; a used link that says an answer has come in is what an expert may see the second time."""
        before = self.line.repeated
        try:
            return super().send(form, file=file, expect=expect, **fields)
        except Unexpected as error:
            if self.line.repeated > before and "/invitation/" in form.action and RECEIVED in str(error):
                return Page(form.action, "")
            raise


@dataclass
class Shaken(Stage):
    """The stage on which programs die (受扰的现场); one bidder brings drawings that go up in several pieces."""

    patience: float = PATIENCE
    repeated: int = 0
    told: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def enter(self, account: str = "", password: str = "") -> Person:
        """Let somebody in who does not give up."""
        return Tireless(self.base, account, password)

    def run(self, *arguments: str, fails: str = "") -> str:
        """Run a program, and the same again while it says that nobody answered."""
        if arguments[:2] == ("bid", "seal") and LARGE in arguments[-1]:
            self._bring_drawings()
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                said = super().run(*arguments, fails=fails)
            except Unexpected as error:
                said = str(error)
                self.told.append((arguments, said))
                if not (UNANSWERED in said or AWAY.search(said)) or time.monotonic() > limit:
                    raise
            else:
                self.told.append((arguments, said))
                return said
            self.repeated += 1
            time.sleep(AGAIN)

    def leave(self) -> None:
        """Let everybody go home."""
        for person in self.people.values():
            person.close()

    def _bring_drawings(self) -> None:
        path = self.data / "bids" / LARGE / "technical" / "图册.pdf"
        if not path.exists():
            path.write_bytes(drawings())


def drawings() -> bytes:
    """Return a PDF of many megabytes that cannot be pressed together."""
    with pikepdf.open(io.BytesIO(paper("图册", ("附图若干。",), 1))) as document:
        noise = random.Random(1).randbytes(DRAWINGS)  # noqa: S311 - content of a sample file
        document.Root.Drawings = document.make_indirect(pikepdf.Stream(document, noise))
        out = io.BytesIO()
        document.save(out, static_id=True, compress_streams=False)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Moment:
    """When a program dies (时刻): its name, how to tell that it has come, and the longest wait from then on."""

    name: str
    come: Callable[["Killer"], bool]
    within: float = 1.0


def entered(kind: str, number: int = 1) -> Callable[["Killer"], bool]:
    """Tell that so many entries of a kind stand in the ledger: what they set going is under way."""
    return lambda killer: killer.entries()[kind] >= number


def bound(killer: "Killer") -> bool:
    """Tell that a key has just been registered; its bidder has no answer yet."""
    path = killer.stack.data / "reception" / "bindings"
    return path.exists() and path.stat().st_size > 0


def uploading(killer: "Killer") -> bool:
    """Tell that the first pieces of a file are here and the last are not."""
    staged = (killer.stack.data / "staging").glob("[0-9a-f]*")
    return any(DRAWINGS // 4 < path.stat().st_size < DRAWINGS * 3 // 4 for path in staged if path.is_file())


def submitting(killer: "Killer") -> bool:
    """Tell that a bidder has sent the one small request and has no answer."""
    for path in (killer.stack.data / "bids").glob("*/state.json"):
        if any(one["step"] == "sent" for one in json.loads(path.read_bytes())["versions"]):
            return True
    return False


ALWAYS_SERVER = (Moment("bind", bound, 0.0), Moment("upload", uploading, 0.0))
OTHERS = (
    Moment("deadline", entered("publish_notice")),
    Moment("submit", submitting, 0.3),
    Moment("stanzas", entered("receive_bid", 2)),
    Moment("pools", entered("assemble_panel")),
    Moment("contributions", entered("commit_pool")),
    Moment("invitations", entered("invite")),
    Moment("close", entered("close_bidding")),
    Moment("list", entered("close_list")),
    Moment("keys", entered("open_keys"), 4.0),
    Moment("keys closed", entered("close_keys")),
    Moment("release", entered("record_releases")),
)


class Killer(threading.Thread):
    """Kills each program of a plan when its moment has come (终止者)."""

    def __init__(self, stack: Stack, plan: dict[str, tuple[Moment, str, float]]) -> None:
        super().__init__(daemon=True)
        self.stack, self.plan = stack, dict(plan)
        self.done: list[str] = []
        self.failure: BaseException | None = None
        self.stopping = threading.Event()
        self._database: psycopg.Connection | None = None
        self._seen: Counter[str] = Counter()
        self._looked = 0.0

    def run(self) -> None:
        """Look again and again until every moment has come, or the story is over."""
        try:
            while self.plan and not self.stopping.is_set():
                for name in [name for name, (moment, _, _) in self.plan.items() if self._has_come(moment)]:
                    _, victim, delay = self.plan.pop(name)
                    time.sleep(delay)
                    self.stack.kill(victim)
                    self.done.append(name)
                    print(f"--- {victim} killed: {name}", flush=True)
                time.sleep(LOOK)
        except BaseException as error:
            self.failure = error
        finally:
            if self._database:
                self._database.close()

    def entries(self) -> Counter[str]:
        """Return how many entries of each kind there are, as far as the database was there to ask."""
        if time.monotonic() > self._looked + 10 * LOOK:
            try:
                self._database = self._database or self.stack.connect()
                rows = self._database.execute("SELECT type, count(*) FROM kernel_entry GROUP BY type").fetchall()
                self._seen = Counter(dict(rows))
            except psycopg.OperationalError:
                self._database = None
            self._looked = time.monotonic()
        return self._seen

    def _has_come(self, moment: Moment) -> bool:
        try:
            return moment.come(self)
        except FileNotFoundError:
            return False  # moved away between two looks


def planned(drawn: random.Random, victims: tuple[str, ...], share: float) -> dict[str, tuple[Moment, str, float]]:
    """Draw the moments and who dies at each: in full all programs once and the server twice, else at least three."""
    moments = [(moment, "server") for moment in ALWAYS_SERVER]
    moments += zip(drawn.sample(OTHERS, len(victims)), drawn.sample(victims, len(victims)), strict=True)
    chosen = drawn.sample(moments, min(len(moments), max(3, round(len(moments) * share))))
    return {moment.name: (moment, victim, drawn.uniform(0, moment.within)) for moment, victim in chosen}
