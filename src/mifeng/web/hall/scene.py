"""One opening as the hall shows it (开标场景): how far it is, whose turn it is, one row for each bid, the events.

Until everything is open a row is a number, the fingerprint of an envelope and whether its key is in. What a reader may
know is decided by ``bidding.queries``; here it is put into words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.bidding.queries import Hall, HallRow
from mifeng.rules.calendar import legal_date
from mifeng.rules.errors import Reason
from mifeng.rules.reasons import REASONS
from mifeng.web.hall.doubts import doubt_lines
from mifeng.web.shell import acts, words
from mifeng.web.shell.receipts import number

# Where an opening stands among the seven stages, and whether it ends there.
REACHED: Mapping[str, int] = MappingProxyType(
    {"waiting": 0, "closed": 1, "listed": 2, "keying": 3, "releasing": 4, "public": 7, "failed": 2, "unkeyed": 3}
)
STOPPED = frozenset({"failed", "unkeyed"})
OVER = STOPPED | {"public", "short"}
SHORT_STAGE = 5
# What followed from the opening, where it did not lead to an evaluation: the clause that decides it.
DECIDED: Mapping[str, str] = MappingProxyType({"failed": "MOF-87-41", "unkeyed": "GPL-36", "short": "GPL-36"})
FAULTS: Mapping[str, str | Promise] = MappingProxyType(
    {
        "bidder": gettext_lazy("未开启，原因在投标人"),
        "trustee": gettext_lazy("未开启，原因在受托人"),
        "platform": gettext_lazy("未开启，原因在平台"),
    }
)
FAULT_SOURCE = "our choice (ADR-6)"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the bar (开标环节); ``state`` is done, now, idle or stopped."""

    title: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class BidLine:
    """One bid of the list (投标行); everything below ``word`` is empty until all are open."""

    position: int
    bid_ref: str
    envelope: str
    look: str
    word: str
    outcome: str
    bidder: str = ""
    code: str = ""
    price_yuan: Decimal | None = None
    price_words: str = ""
    words_yuan: Decimal | None = None
    agrees: bool = True
    delivery: str = ""
    quality: str = ""
    fault: str = ""
    fault_word: str = ""
    reason: str = ""
    clause: words.Clause | None = None
    answer: tuple[str, str] = ("", "")
    objection: str = ""
    doubts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the strip (事件): its number within this opening, without a gap, and its place in the log."""

    seq: int
    at: datetime
    when: str
    title: str
    index: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Scene:
    """An opening as a page shows it (开标场景)."""

    hall: Hall
    step: str
    stages: tuple[Stage, ...]
    bids: tuple[BidLine, ...]
    events: tuple[Event, ...]
    now: datetime

    @property
    def over(self) -> bool:
        """Tell whether the opening has come to its end, one way or another."""
        return self.step in OVER

    @property
    def answering(self) -> bool:
        """Tell whether bidders may still confirm the record or object to it."""
        until = self.hall.record_until
        return until is not None and self.now < until

    @property
    def keyed(self) -> int:
        """Return how many keys are in."""
        return sum(row.keyed_at is not None for row in self.hall.rows)

    @property
    def opened(self) -> int:
        """Return how many bids were opened."""
        return sum(bid.outcome == "opened" for bid in self.bids)

    @property
    def signed(self) -> int:
        """Return how many trustees have countersigned the list of bids."""
        return sum(trustee.closed for trustee in self.hall.trustees)

    @property
    def released(self) -> int:
        """Return how many trustees have released their shares."""
        return sum(trustee.released_at is not None for trustee in self.hall.trustees)

    @property
    def why(self) -> str:
        """Return why the opening ended without an evaluation, in a sentence; empty if it did not."""
        return _reason(self.hall.reason)

    @property
    def decision(self) -> words.Clause | None:
        """Return the clause under which the opening ended without an evaluation, None if it did not."""
        return words.clause(DECIDED[self.step]) if self.step in DECIDED else None

    @property
    def url(self) -> str:
        """Return the address of the hall."""
        return reverse("hall:show", args=[self.hall.lot.pk])

    @property
    def verify_url(self) -> str:
        """Return the address at which anybody can verify the entry that closed the opening."""
        leaf = number(self.hall.leaf) if self.hall.leaf else ""
        return f"{settings.ENV.url}{reverse('portal:verify')}?{urlencode({'leaf': leaf})}"

    @property
    def topic(self) -> str:
        """Return what a page follows while the opening is going on."""
        return (
            ""
            if self.over and not self.answering
            else f"tenders.lot:{self.hall.lot.pk} bidding.opening:{self.hall.lot.pk}"
        )


def scene(hall: Hall, now: datetime) -> Scene:
    """Return an opening as a page shows it at an instant."""
    step = step_of(hall.state, hall.lot.state)
    return Scene(
        hall=hall,
        step=step,
        stages=tuple(_stages(hall, step, now)),
        bids=tuple(_line(row, step, hall.record_until, now) for row in hall.rows),
        events=_events(hall),
        now=now,
    )


def step_of(state: str, lot_state: str) -> str:
    """Return how far an opening is: its own state, and before it has one that of its package."""
    return state or ("closed" if lot_state == "closed" else "waiting")


def step_title(step: str) -> str:
    """Return the step in a few words, for the list of openings."""
    titles = {
        "waiting": _("等待截止"),
        "closed": _("已截止，等待见证清单"),
        "listed": _("见证清单"),
        "keying": _("投标人交密钥"),
        "releasing": _("受托人放行"),
        "public": _("已开标"),
        "failed": _("不足法定家数，不开标"),
        "unkeyed": _("没有密钥，不开启"),
        "short": _("开启不足法定家数"),
    }
    return titles.get(step, step)


def step_look(step: str) -> str:
    """Return which of the seven looks a step has."""
    if step == "public":
        return "done"
    return "stop" if step in OVER else "none" if step == "waiting" else "go"


def _stages(hall: Hall, step: str, now: datetime) -> list[Stage]:
    reached = SHORT_STAGE if step == "short" else REACHED[step]
    open_record = step == "public" and hall.record_until is not None and now < hall.record_until
    reached -= open_record
    ended = step in OVER - {"public"}
    states = ["done"] * reached + ["stopped" if ended else "now"] + ["idle"] * len(REACHED)
    return [
        Stage(title, state, "" if ended and state == "idle" else note)
        for state, (title, note) in zip(states, _titles(hall, step), strict=False)
    ]


def _titles(hall: Hall, step: str) -> list[tuple[str, str]]:
    lot = hall.lot
    counts = {"n": len(hall.trustees), "t": hall.threshold}
    return [
        (_("等待"), _("%(when)s截止") % {"when": words.beijing(lot.bids_due_at)[5:] if lot.bids_due_at else ""}),
        (_("截止"), _clock(lot.closed_at) or _("到时由平台截止")),
        (_("见证清单"), _clock(hall.listed_at) or _("轮到：平台与见证人")),
        (_("投标人交密钥"), _keys_note(hall, step)),
        (_("受托人放行"), _clock(hall.opened_at) or _("%(n)d方中需%(t)d方") % counts),
        (_("唱标"), _clock(hall.opened_at) or _("全部同时开启")),
        (_("开标记录"), _record_note(hall)),
    ]


def _record_note(hall: Hall) -> str:
    if hall.record_until is None:
        return _("开启后生成")
    return _("轮到：投标人，至%(when)s") % {"when": _clock(hall.record_until)}


def _keys_note(hall: Hall, step: str) -> str:
    if step == "keying" and hall.key_until:
        return _("轮到：投标人，至%(when)s") % {"when": _clock(hall.key_until)}
    return _clock(hall.keys_closed_at) or _("轮到：投标人")


def _clock(at: datetime | None) -> str:
    return words.beijing(at, seconds=True)[11:] if at else ""


def _line(row: HallRow, step: str, record_until: datetime | None, now: datetime) -> BidLine:
    look, word = _key(row, step)
    line = BidLine(row.position, row.bid_ref, row.envelope, look, word, row.outcome)
    if not row.outcome:
        return line
    return BidLine(
        *(row.position, row.bid_ref, row.envelope, look, word, row.outcome),
        bidder=row.bidder,
        code=row.bidder_code,
        price_yuan=row.price_yuan,
        price_words=row.price_words,
        words_yuan=row.words_yuan,
        agrees=row.agrees,
        delivery=row.delivery,
        quality=row.quality,
        fault=str(FAULTS.get(row.fault, "")),
        fault_word=row.fault,
        reason=_reason(row.reason),
        clause=words.clause(REASONS.get(row.reason, FAULT_SOURCE)) if row.fault else None,
        answer=_answer(row.answer, open_still=record_until is not None and now < record_until),
        objection=row.objection,
        doubts=doubt_lines(row.doubts),
    )


def _answer(answer: str, *, open_still: bool) -> tuple[str, str]:
    """Return look and words of what a bidder said to the record; silence is consent once no more is heard."""
    if answer == "confirmed":
        return "done", _("已确认")
    if answer == "objected":
        return "bad", _("有异议")
    return ("todo", _("待确认")) if open_still else ("done", _("未答复，视为确认"))


def _key(row: HallRow, step: str) -> tuple[str, str]:
    if row.keyed_at:
        return "done", _("已确认 %(when)s") % {"when": _clock(row.keyed_at)}
    if step == "listed":
        return "none", _("未到时间")
    return ("todo", _("等待交密钥")) if step == "keying" else ("late", _("未交密钥"))


def _reason(code: str) -> str:
    return words.reason_text(Reason(code)) if code in REASONS else ""


def _events(hall: Hall) -> tuple[Event, ...]:
    """Return what happened, newest first; the numbers count from the first event of this opening."""
    found = [
        Event(seq, line.at, _when(line.at, hall), acts.title(line.type), line.index, acts.proof_url(line))
        for seq, line in enumerate(hall.lines, start=1)
    ]
    return tuple(reversed(found))


def _when(at: datetime, hall: Hall) -> str:
    """Return the time of day of an event, or its date and time where it was not on the day of the deadline."""
    due = hall.lot.bids_due_at
    return _clock(at) if due and legal_date(at) == legal_date(due) else words.beijing(at)[5:]
