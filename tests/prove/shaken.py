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
from collections.abc import Callable, Sequence
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
OVERTAKEN = "stale-version"
SHEET = re.compile(r"/sheet/(\w+)\.json$")
SCORE = "score-"
Cell = tuple[str, str, str]  # part, the seat's code, item
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
    """A person who sends a form again when no answer came (不懈的使用者), and remembers what was acknowledged."""

    def __init__(self, base: str, account: str = "", password: str = "") -> None:
        self.line = Steadfast()
        self.saved: dict[Cell, str] = {}
        self.compared = 0
        super().__init__(base, account, password, transport=self.line)

    def send(
        self,
        form: Form,
        *,
        file: File | None = None,
        expect: str = "",
        stay: bool = False,
        **fields: str | Sequence[str],
    ) -> Page:
        """Send a form; what was sent before and had no answer is found done, as the page says it.

        An expert sees that an answer has come in; a member of the committee sees in the sheet the scores just typed,
        or those of before, and then types them again.
        """
        before = self.line.repeated
        try:
            page = super().send(form, file=file, expect=expect, stay=stay, **fields)
        except Unexpected as error:
            if self.line.repeated == before:
                raise
            if "/invitation/" in form.action and RECEIVED in str(error):
                return Page(form.action, "")
            if "/cells/" not in form.action or OVERTAKEN not in str(error):
                raise
            page = self._saved_before(form)
        if "/cells/" in form.action and not expect:
            self.saved |= typed(form)
        return page

    def fetch(self, address: str) -> bytes:
        """Fetch something; a sheet to be signed must hold every score that was acknowledged."""
        content = super().fetch(address)
        if found := SHEET.search(address):
            scores = json.loads(content)["scores"]
            kept = {(found.group(1), code, item): row[item]["score"] for code, row in scores.items() for item in row}
            mine = {cell: score for cell, score in self.saved.items() if cell[0] == found.group(1)}
            if kept != mine:
                raise Unexpected(f"{address}: 已确认的评分与待签的不同：{mine} {kept}")
            self.compared += len(kept)
        return content

    def _saved_before(self, form: Form) -> Page:
        """Return the sheet as it stands, made sure that it holds what was sent."""
        page = self.open("/desk/")
        sheet, code = form.action.partition("?")[0], form.fields["code"]
        rows = [one for one in page.forms if one.action.startswith(sheet) and one.fields.get("code") == code]
        if not rows or not typed(form).items() <= typed(rows[0]).items():
            raise Unexpected(f"{form.action}: 没有答复的评分没有保存，也不能再保存")
        return page


def typed(form: Form) -> dict[Cell, str]:
    """Return the scores in a row of the sheet: part, code and item → score."""
    part = form.action.partition("/cells/")[2].partition("?")[0]
    scores = ((name, value) for name, value in form.fields.items() if name.startswith(SCORE))
    return {(part, form.fields["code"], name.removeprefix(SCORE)): value for name, value in scores}


@dataclass
class Shaken(Stage):
    """The stage on which programs die (受扰的现场); one bidder brings drawings that go up in several pieces."""

    patience: float = PATIENCE
    repeated: int = 0
    told: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def make_person(self, account: str, password: str) -> Person:
        """Return somebody who does not give up."""
        return Tireless(self.base, account, password)

    def run(self, *arguments: str, fails: str = "") -> str:
        """Run a program, and the same again while it says that nobody answered."""
        if arguments[:2] == ("bid", "seal") and LARGE in arguments[-1]:
            self._bring_drawings()
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                return super().run(*arguments, fails=fails)
            except Unexpected as error:
                if not (UNANSWERED in str(error) or AWAY.search(str(error))) or time.monotonic() > limit:
                    raise
            self.repeated += 1
            time.sleep(AGAIN)

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Run a program, and keep what it said."""
        code, said = super().ask(*arguments)
        self.told.append((arguments, said))
        return code, said

    def _bring_drawings(self) -> None:
        path = self.data / "bids" / LARGE / "technical" / "附图.pdf"  # behind the file that the committee reads first
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


# Those that matter while a committee scores: who takes a score in, who goes on when all are in, where it is kept.
SCORING = ("server", "worker", "postgres")
SCORING_KILLS, CELLS, SIGNATURES = 10, 40, 10


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


def planned_scoring(drawn: random.Random, share: float) -> dict[str, tuple[Moment, str, float]]:
    """Draw moments while scores are saved and sheets signed; each program dies as often as the others."""
    number = max(len(SCORING), round(SCORING_KILLS * share))
    signed = max(1, number // 4)
    moments = [
        *(Moment(f"row {n}", entered("save_cells", n), 0.3) for n in drawn.sample(range(1, CELLS), number - signed)),
        *(Moment(f"sheet {n}", entered("sign_sheet", n), 0.3) for n in drawn.sample(range(1, SIGNATURES), signed)),
    ]
    victims = [SCORING[place % len(SCORING)] for place in range(number)]
    drawn.shuffle(victims)
    found = zip(moments, victims, strict=True)
    return {moment.name: (moment, victim, drawn.uniform(0, moment.within)) for moment, victim in found}
