"""Receipts as pages show them (回执): the number a person can type, and how far the entry is proven.

A receipt's number is the first sixty bits of its leaf in Crockford's letters, in three groups of four. The leaf is a
salted commitment, so the number says nothing about what was done and cannot be guessed from another one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from mifeng.kernel.ledger.append import Written
from mifeng.kernel.ledger.queries import Standing, entry_by_leaf, entry_by_prefix, standing
from mifeng.kernel.models import Entry
from mifeng.web.shell.acts import title

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": "", "\u3000": ""})
PLACES, GROUP, QUORUM = 12, 4, 1
BYTES = 8
SPARE = BYTES * 8 - PLACES * 5
LEAF_BYTES = 32


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a receipt (回执事项)."""

    label: str
    value: str
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt (回执): what was received when, under which fingerprint, and who has witnessed it."""

    title: str
    at: datetime
    leaf: str
    number: str
    url: str
    standing: Standing
    rows: tuple[Fact, ...] = ()
    quorum: int = QUORUM
    proof_url: str = field(default="")

    @property
    def state(self) -> str:
        """Return ``witnessed`` (已见证) or ``received`` (已收到，待见证)."""
        return "witnessed" if self.witnesses >= self.quorum else "received"

    @property
    def verify_url(self) -> str:
        """Return the address at which anybody who holds the number can verify it; it names the receipt, not the act."""
        return f"{settings.ENV.url}{reverse('portal:verify')}?{urlencode({'leaf': self.number})}"

    @property
    def witnesses(self) -> int:
        """Return how many witnesses have signed."""
        return len(self.standing.witnesses)

    @property
    def index(self) -> int | None:
        """Return the place in the log, None while it waits for one."""
        return self.standing.index

    @property
    def size(self) -> int:
        """Return the number of leaves under the witnessed root."""
        return self.standing.size

    @property
    def names(self) -> str:
        """Return the witnesses' names."""
        return "、".join(self.standing.witnesses)

    @property
    def witnessed_at(self) -> datetime | None:
        """Return when the last of them signed."""
        return self.standing.at


def receipt_of(entry: Entry | Written, rows: tuple[Fact, ...] = ()) -> Receipt:
    """Return the receipt of an entry; for callers that have made sure that the reader may have it."""
    leaf = bytes(entry.leaf).hex()
    proven = standing(entry.id)
    return Receipt(
        title=title(entry.type),
        at=entry.at,
        leaf=leaf,
        number=number(leaf),
        url=reverse("account:receipt", args=[leaf]),
        standing=proven,
        rows=rows,
        proof_url=reverse("account:receipt-proof", args=[leaf]) if proven.witnesses else "",
    )


def number(leaf: str) -> str:
    """Return the number of a receipt: ``7M2K-9QXD-H4TB``."""
    bits = int(leaf[: BYTES * 2], 16) >> SPARE
    text = "".join(LETTERS[bits >> shift & 31] for shift in range((PLACES - 1) * 5, -1, -5))
    return "-".join(text[at : at + GROUP] for at in range(0, PLACES, GROUP))


def looked_up(text: str) -> Entry | None:
    """Return the entry that a person names by its leaf (64 hex digits) or by its receipt's number; None for neither."""
    words = "".join(text.split())
    if len(words) == LEAF_BYTES * 2:
        return entry_by_leaf(words)
    short = words.upper().translate(LIKE)
    if len(short) != PLACES or not set(short) <= set(LETTERS):
        return None
    bits = 0
    for letter in short:
        bits = bits << 5 | LETTERS.index(letter)
    low, high = bits << SPARE, bits << SPARE | (1 << SPARE) - 1
    rest = LEAF_BYTES - BYTES
    return entry_by_prefix(low.to_bytes(BYTES) + bytes(rest), high.to_bytes(BYTES) + b"\xff" * rest)
