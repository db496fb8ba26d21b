"""Trustees inside a test (就近受托人): the real judgement and memory, in this process; only the wire is left out.

They read the same witnessed log as everybody: a test lets it be sequenced and cosigned by :func:`settle`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db.models import Max

from mifeng.bidding import dealings, tasks
from mifeng.bidding.models import Opening
from mifeng.gateways.trustee import Trustee
from mifeng.gateways.trustee.http import HttpTrustee
from mifeng.kernel import clock
from mifeng.kernel.actors import CLOCK
from mifeng.kernel.models import Checkpoint, Cosignature, Entry
from mifeng.programs.trustee.judge import Judge
from mifeng.programs.trustee.keys import Trust, read_key
from mifeng.programs.trustee.memory import Memory
from mifeng.rules.ledger import Kind, SigningKey, VerifierKey, parse_vkey
from mifeng.rules.seal.policy import Policy
from mifeng.tenders.actions import close_bidding
from mifeng.tenders.models import Lot
from tests.factories import DUE, START, City, lot_of, published
from tests.web.witnessed import witness_log

NAMES = ("trustee-1", "trustee-2", "trustee-3")
OTHER_LOG = SigningKey("mifeng.localhost/elsewhere", Kind.LOG, bytes(32)).verifier


class NearTrustee(HttpTrustee):
    """A trustee in the same process (就近受托人); ``away`` makes it as silent as one that is switched off."""

    def __init__(self, folder: Path, name: str) -> None:
        data = Path(settings.ENV.data)
        self._secret = read_key(data / name)
        super().__init__(lambda: "http://near", lambda: self._secret.trustee)
        log = parse_vkey((data / "keys" / "log.vkey").read_text())
        witness = parse_vkey((data / "witness" / "witness.vkey").read_text())
        self._memory = Memory(folder / f"{name}.sqlite")
        self._keys = log, witness
        self.believe(log)
        self.away = False
        self.asked: list[str] = []

    @property
    def log(self) -> VerifierKey:
        """Return the key of the true log."""
        return self._keys[0]

    def believe(self, log: VerifierKey) -> None:
        """Take this key for that of the log, as whoever runs the trustee has set it."""
        trust = Trust((log,), (self._keys[1],))
        self._judge = Judge(self._secret, trust, self._memory, lambda: int(clock.now().timestamp()))

    def _post(self, url: str, content: bytes) -> tuple[int, bytes]:
        """Let the judge answer."""
        if self.away:
            raise httpx.ConnectError("switched off")
        path = urlsplit(url).path
        self.asked.append(path)
        answer = self._judge.answer(path, content)
        return answer.status, answer.body

    def close_connections(self) -> None:
        """Let go of the memory too."""
        super().close_connections()
        self._memory.close()


class Trusted:
    """The three trustees of the sample city and a log that can be witnessed (就近受托人与见证).

    Args:
        folder: keeps their memories and the witness's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trustees = [NearTrustee(folder, name) for name in NAMES]

    def __getitem__(self, number: int) -> NearTrustee:
        """Return a trustee by its number from 1."""
        return self.trustees[number - 1]

    def reach(self, policy: Policy) -> list[Trustee]:
        """Return the way to the trustees of a policy."""
        near = {one.key().verify: one for one in self.trustees}
        return [near[named.verify] for named in policy.trustees]

    def settle(self) -> None:
        """Have everything written so far sequenced and witnessed; what came too late is asked for again."""
        for _ in range(5):
            witness_log(self.folder)
            size = Checkpoint.objects.aggregate(last=Max("size"))["last"]
            if Cosignature.objects.filter(checkpoint=size).exists():
                return
        raise AssertionError("the witness is too slow")

    def advance(self, lot: Lot) -> str:
        """Witness the log, take the opening one step further as the worker does, and return its state."""
        self.settle()
        tasks.advance(lot.pk, self.reach)
        return Opening.objects.values_list("state", flat=True).get(pk=lot.pk)

    def listed(self, lot: Lot) -> str:
        """Close a package at its deadline and write the list of its bids; return the opening's state."""
        with clock.frozen(DUE):
            self.settle()
            close_bidding(lot.pk, by=CLOCK)
            return self.advance(lot)


@contextmanager
def trusted(folder: Path) -> Iterator[Trusted]:
    """Run the trustees until the end of the block."""
    found = Trusted(folder)
    try:
        yield found
    finally:
        for one in found.trustees:
            one.close_connections()


def announced(city: City, near: Trusted) -> Lot:
    """Return a published package whose deadline the trustees have countersigned."""
    return countersigned(lot_of(published(city)), near)


def countersigned(lot: Lot, near: Trusted) -> Lot:
    """Return the only published package after the trustees have countersigned its deadline."""
    with clock.frozen(START + timedelta(hours=1)):
        near.settle()
        dealings.countersign_deadline(Entry.objects.get(type="publish_notice").pk, near.reach)
    return lot
