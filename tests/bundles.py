"""A whole project with its evidence (证据包测试件): from the notice to the opening, drawn, sealed and opened for real.

The witness goes by the platform's clock here, so that the times of the story and of its witness can be compared.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from mifeng.bidding import dealings
from mifeng.bidding.actions import close_keys, confirm_key
from mifeng.bidding.models import Envelope
from mifeng.experts.actions import fix_seed
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Entry
from mifeng.oversight.bundle import FOLDER, files_of, matter_of
from mifeng.sittings.models import Panel
from mifeng.tenders.actions import Clarified, clarify
from mifeng.tenders.models import Lot, Tender
from tests.actions import draws
from tests.actions.reviews import reach
from tests.bids import DAY_BEFORE, Held, hand_in, replacement, sealed_bid, take_back
from tests.conftest import read_city
from tests.databases import own_database
from tests.factories import DUE, START, City
from tests.trusted import Trusted
from tests.web.openings import KEYING, SOON
from tests.web.witnessed import witness_log

OVER = DUE + timedelta(hours=2)
Files = dict[str, bytes]


class Timed(Trusted):
    """Trustees near at hand, and a witness that goes by the platform's clock (就近各方)."""

    def settle(self) -> None:
        """Have everything written so far sequenced and witnessed."""
        witness_log(self.folder, lambda: clock.now().timestamp())


@dataclass
class Story:
    """A project whose opening is over (已开标项目)."""

    city: City
    tender: Tender
    lot: Lot
    panel: Panel
    held: list[Held]

    def files(self, cut: str = "public") -> Files:
        """Return the files of its bundle, the manifest first."""
        return dict(files_of(matter_of(self.tender, cut)))


@contextmanager
def own_city(blocker: Any) -> Iterator[City]:
    """Give a whole file of tests a database of its own with the sample city in it."""
    with own_database(blocker):
        yield read_city()


@dataclass(frozen=True)
class Begun:
    """A project whose experts are drawn (已抽取项目), before anything is handed in.

    Args:
        city: the sample city.
        lot: its one package.
        panel: the committee that was drawn.
        folder: the memories of trustees and witness.
    """

    city: City
    lot: Lot
    panel: Panel
    folder: Path


def begun(city: City, folder: Path, *, clarified: bool = False) -> Begun:
    """Lead a project from its entry to its draw. One expert declines.

    Args:
        city: the sample city.
        folder: for the memories of trustees and witness.
        clarified: the agency has published a clarification that leaves the deadline.
    """
    # What is handed out is kept by a project's id, which may have been that of a project in another test's database.
    shutil.rmtree(Path(settings.ENV.data) / FOLDER, ignore_errors=True)
    with near_in(folder) as near:
        lot = reach(city, "published").lot
        with clock.frozen(START + timedelta(hours=1)):
            near.settle()
            dealings.countersign_deadline(Entry.objects.filter(type="publish_notice").latest("pk").pk, near.reach)
        if clarified:
            clarify_once(city, lot.tender, near)
        return Begun(city, lot, drawn(city, lot.tender, near), folder)


def finished(start: Begun, *, keyed: Sequence[int] = (1, 2, 3), bids: int = 5, witnessed: bool = True) -> Story:
    """Lead a project from its draw to its opening.

    The second bid lies there in its second version, the last one was taken back.

    Args:
        start: the project.
        keyed: whose bidders confirm their keys.
        bids: how many are handed in; one of them is taken back, where there are more than two.
        witnessed: the last entries are under a checkpoint that the witness has signed.
    """
    with near_in(start.folder) as near:
        held = handed_in(start.city, start.lot, near, bids)
        if near.listed(start.lot) == "listed":
            opened(start.lot, near, [held[number - 1] for number in keyed])
        with clock.frozen(OVER):
            if witnessed:
                near.settle()
    return Story(start.city, start.lot.tender, start.lot, start.panel, held)


def told(city: City, folder: Path, *, keyed: Sequence[int] = (1, 2, 3), bids: int = 5) -> Story:
    """Lead a project from its entry to its opening; ``keyed`` and ``bids`` as in :func:`finished`."""
    return finished(begun(city, folder), keyed=keyed, bids=bids)


@contextmanager
def near_in(folder: Path) -> Iterator[Timed]:
    """Have the trustees near at hand, with their memories in a folder."""
    near = Timed(folder)
    try:
        yield near
    finally:
        for one in near.trustees:
            one.close_connections()


def clarify_once(city: City, tender: Tender, near: Timed) -> None:
    """Publish a clarification that leaves the deadline, and have the trustees countersign it."""
    at = START + timedelta(hours=2)
    with clock.frozen(at):
        tender.refresh_from_db()
        words = Clarified(
            "更正一处错字", affects_bids=False, new_due_at=None, version=tender.version, reason="不影响编制"
        )
        written = clarify(tender.pk, words, by=city["agency-a"])
    with clock.frozen(at + timedelta(minutes=1)):
        near.settle()
        dealings.countersign_deadline(written.id, near.reach)


def opened(lot: Lot, near: Timed, keyed: Sequence[Held]) -> None:
    """Take an opening from its list to its end."""
    with clock.frozen(KEYING):
        near.advance(lot)
    with clock.frozen(SOON):
        for one in keyed:
            confirm_key(lot.pk, one.bid_ref, one.sealed.s_b)
    with clock.frozen(OVER):
        near.settle()
        close_keys(lot.pk)
        near.advance(lot)


def drawn(city: City, tender: Tender, near: Timed) -> Panel:
    """Draw the experts of a project; the first one invited declines."""
    panel = draws.assembled(city, tender)
    draws.pooled(panel)
    with clock.frozen(draws.POOLED):
        near.settle()
    draws.contributed(panel)
    with clock.frozen(draws.SEEDED):
        for draw in draws.draws_of(panel):
            fix_seed(draw.pk, by=CLOCK)
    draws.walk(panel)
    draws.decline(draws.waiting(draws.draws_of(panel))[0])
    draws.walk(panel, draws.ANSWERED)
    while found := draws.waiting(draws.draws_of(panel)):
        for invitation in found:
            draws.agree(invitation)
        draws.walk(panel, draws.ANSWERED)
    with clock.frozen(draws.ANSWERED):
        near.settle()
    return panel


def handed_in(city: City, lot: Lot, near: Timed, count: int) -> list[Held]:
    """Hand in bids, replace the second, take the last of many back, and have the trustees try their shares."""
    held = [sealed_bid(city, lot, number) for number in range(1, count + 1)]
    for one in held:
        hand_in(city, one)
    held[1] = replacement(held[1], 2)
    hand_in(city, held[1])
    if count > 2:
        take_back(held.pop())
    with clock.frozen(DAY_BEFORE):
        for envelope in Envelope.objects.filter(envelope__in=[one.envelope for one in held]).select_related("bid"):
            dealings.deal_stanzas(envelope, near.reach)
        near.settle()
    return held
