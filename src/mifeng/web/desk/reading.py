"""What lies on the reading side of a desk (阅读区): one file at a page, or two beside each other.

Everything stands in the address: which file, which page, what is looked for. So a page can be turned, searched and
compared without a script, and the way back leads back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from mifeng.evaluation import blind
from mifeng.evaluation.blind import BlindBid, OpenBid
from mifeng.kernel.actors import Actor
from mifeng.rules.errors import Reason
from mifeng.rules.reasons import REASONS
from mifeng.web.desk import paper
from mifeng.web.desk.paper import Mark, Summary, Unreadable, marks
from mifeng.web.shell import words

MAX_WORDS = 60
MAX_HITS = 60
FOLDER = "pages"
SLOTS = ("", "2")


@dataclass(frozen=True, slots=True)
class Volume:
    """One file that a desk may open (卷): whose, which, and whether it can be shown.

    Args:
        code: of the bid.
        key: ``t1`` for the first technical file, ``b1`` for the first business file.
        title: as the desk names it.
        fault: code of why it cannot be shown; else empty.
        bid_ref: of the bid, once its name is known; else empty.
        number: of the file within its part.
        pages: how many it has; 0 where only the file itself can tell.
    """

    code: str
    key: str
    title: str
    fault: str
    bid_ref: str
    number: int
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A way to somewhere (链接)."""

    title: str
    url: str
    current: bool = False
    depth: int = 0
    page: int = 0


class Pane:
    """One file, open at a page (阅读窗): every part of it is read when a template asks for it."""

    def __init__(self, shelf: "Shelf", volume: Volume, slot: str) -> None:
        self.shelf, self.volume, self.slot = shelf, volume, slot
        self.words = " ".join(shelf.asked.get(f"q{slot}", "").replace("\0", " ").split())[:MAX_WORDS]
        self.wanted = max(_whole(shelf.asked.get(f"page{slot}", "")), 1)
        self.number = min(self.wanted, max(self.pages, 1))

    @cached_property
    def path(self) -> Path:
        """Return where the file lies."""
        return self.shelf.path_of(self.volume)

    @cached_property
    def inside(self) -> Summary | None:
        """Return length and outline, without one where it cannot be read; None where the file cannot be shown."""
        try:
            return paper.summary(self.path, self.wanted, folder()) if not self.volume.fault else None
        except Unreadable:
            return Summary(self.volume.pages, ()) if self.volume.pages else None

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return self.inside.pages if self.inside else 0

    @cached_property
    def text(self) -> str:
        """Return the text of the page."""
        try:
            return paper.text(self.path, self.number, folder()) if self.pages else ""
        except Unreadable:
            return ""

    @property
    def image(self) -> str:
        """Return the address of the page as a picture."""
        return reverse("desk:page", args=[self.shelf.lot_id, self.volume.code, self.volume.key, self.number])

    @property
    def file(self) -> str:
        """Return the address of the file itself."""
        return reverse("desk:file", args=[self.shelf.lot_id, self.volume.code, self.volume.key])

    @property
    def before(self) -> str:
        """Return the way to the page before; empty on the first."""
        return self._turned(self.number - 1) if self.number > 1 else ""

    @property
    def after(self) -> str:
        """Return the way to the next page; empty on the last."""
        return self._turned(self.number + 1) if self.number < self.pages else ""

    @property
    def outline(self) -> list[Link]:
        """Return the outline, the heading that holds the page marked."""
        lines = self.inside.outline if self.inside else ()
        reached = [number for number, one in enumerate(lines) if one.page <= self.number]
        here = reached[-1] if reached else -1
        return [
            Link(one.title, self._turned(one.page), number == here, min(one.depth, 2), one.page)
            for number, one in enumerate(lines)
        ]

    @cached_property
    def hits(self) -> list[Link]:
        """Return the pages on which the words stand."""
        try:
            found = paper.find(self.path, self.words, folder()) if self.pages else []
        except Unreadable:
            found = []
        return [Link(str(page), self._turned(page), page == self.number, page=page) for page in found[:MAX_HITS]]

    @cached_property
    def marks(self) -> Sequence[Mark]:
        """Return where the words stand on the page."""
        if not any(one.current for one in self.hits):
            return ()
        try:
            return marks(self.path, self.number, self.words)
        except Unreadable:
            return ()

    @property
    def volumes(self) -> list[Link]:
        """Return the files of the same bid."""
        return [
            Link(one.title, self.shelf.way(self.slot, one, 1), one == self.volume)
            for one in self.shelf.volumes
            if one.code == self.volume.code
        ]

    @property
    def others(self) -> list[Link]:
        """Return the bids, in the seat's own order."""
        first = {one.code: one for one in reversed(self.shelf.volumes)}
        return [
            Link(self.shelf.name_of(code), self.shelf.way(self.slot, first[code], 1), code == self.volume.code)
            for code in self.shelf.codes
        ]

    @property
    def seek_name(self) -> str:
        """Return the name under which a form sends what is looked for."""
        return f"q{self.slot}"

    @property
    def fault_text(self) -> str:
        """Return why the file cannot be shown."""
        return words.reason_text(Reason(self.volume.fault)) if self.volume.fault in REASONS else ""

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Return what a form on the page has to carry besides what it changes."""
        return [(name, value) for name, value in self.shelf.params.items() if name != f"page{self.slot}"]

    def _turned(self, page: int) -> str:
        return self.shelf.way(self.slot, self.volume, page, self.words)


class Shelf:
    """All files of a package as one seat may read them (卷宗), and which of them lie open."""

    def __init__(self, by: Actor, lot_id: UUID, asked: Mapping[str, str]) -> None:
        self.by, self.lot_id, self.asked = by, lot_id, asked
        self.bids: Sequence[BlindBid] = blind.pages_for(by, lot_id)
        self.named: Mapping[str, OpenBid] = {one.code: one for one in blind.named_for(by, lot_id)}
        self.volumes = [volume for bid in self.bids for volume in _volumes(bid, self.named.get(bid.code))]
        self.codes = list(dict.fromkeys(one.code for one in self.volumes))

    @cached_property
    def open(self) -> list[Volume]:
        """Return which files lie open: one, or two beside each other; none where there is none."""
        first = self._chosen("")
        if first is None:
            return []
        beside = self._chosen("2") if self.asked.get("at2") else None
        return [first, beside] if beside else [first]

    @cached_property
    def panes(self) -> list[Pane]:
        """Return the open files as panes."""
        return [Pane(self, volume, slot) for volume, slot in zip(self.open, SLOTS, strict=False)]

    @property
    def reading(self) -> str:
        """Return the code of the bid that lies open first."""
        return self.open[0].code if self.open else ""

    @property
    def params(self) -> dict[str, str]:
        """Return what the address has to say for what lies open now."""
        found: dict[str, str] = {}
        for pane in self.panes:
            found |= _said(pane.slot, pane.volume, pane.number, pane.words)
        return found

    @property
    def query(self) -> str:
        """Return what lies open now, as an address says it."""
        return urlencode(self.params)

    @property
    def beside(self) -> str:
        """Return the way to two files beside each other, or back to one."""
        if len(self.open) > 1:
            return self._address({name: value for name, value in self.params.items() if not name.endswith("2")})
        code = next((one for one in self.codes if one != self.reading), "")
        return self.way("2", next(one for one in self.volumes if one.code == code), 1) if code else ""

    def way(self, slot: str, volume: Volume, page: int, words: str = "") -> str:
        """Return the address at which a file lies open at a page, the other one as it is."""
        others = {name: value for pane in self._others(slot) for name, value in pane.items()}
        return self._address({**others, **_said(slot, volume, page, words)})

    def way_to(self, code: str) -> str:
        """Return the address at which a bid lies open first; empty where it has no file."""
        first = next((one for one in self.volumes if one.code == code), None)
        return self.way("", first, 1) if first else ""

    def name_of(self, code: str) -> str:
        """Return a code, with the bidder once that is known."""
        return f"{code}　{self.named[code].bidder}" if code in self.named else code

    def path_of(self, volume: Volume) -> Path:
        """Return where a file lies, asked anew of what the seat may read.

        Raises:
            DoesNotExist: when it may not.
        """
        if volume.key.startswith("b"):
            return blind.named_file_for(self.by, self.lot_id, volume.bid_ref, volume.number).path
        return blind.file_for(self.by, self.lot_id, volume.code, volume.number).path

    def volume(self, code: str, key: str) -> Volume | None:
        """Return one of the files; None for any other."""
        return next((one for one in self.volumes if (one.code, one.key) == (code, key)), None)

    def _chosen(self, slot: str) -> Volume | None:
        code, key = self.asked.get(f"at{slot}", ""), self.asked.get(f"file{slot}", "")
        named = self.volume(code, key)
        return named or next((one for one in self.volumes if one.code == code), None) or next(iter(self.volumes), None)

    def _others(self, slot: str) -> list[dict[str, str]]:
        found = []
        for volume, other in zip(self.open, SLOTS, strict=False):
            if other != slot:
                page = self.asked.get(f"page{other}", "1")
                found.append(_said(other, volume, _whole(page), self.asked.get(f"q{other}", "")[:MAX_WORDS]))
        return found

    def _address(self, said: Mapping[str, str]) -> str:
        return f"{reverse('desk:show', args=[self.lot_id])}?{urlencode(said)}"


def folder() -> Path:
    """Return where pages are kept for a while."""
    return settings.ENV.data / FOLDER


def _volumes(bid: BlindBid, named: OpenBid | None) -> list[Volume]:
    several = len(bid.files) > 1
    technical = [
        Volume(
            bid.code,
            f"t{one.number}",
            _("技术文件%(number)d") % {"number": one.number} if several else _("技术文件"),
            one.fault,
            "",
            one.number,
            one.pages,
        )
        for one in bid.files
    ]
    if named is None:
        return technical
    ref = named.bid_ref
    return [Volume(bid.code, f"b{one.number}", one.name, "", ref, one.number) for one in named.files] + technical


def _said(slot: str, volume: Volume, page: int, words: str) -> dict[str, str]:
    said = {f"at{slot}": volume.code, f"file{slot}": volume.key, f"page{slot}": str(page)}
    return said | ({f"q{slot}": words} if words else {})


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
