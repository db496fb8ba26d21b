"""What a bundle withholds (遮蔽): each thing that is left out has a commitment, a reason, and the clause it rests on.

Nothing is left out silently. What could stand in a bundle and does not is computed from what does stand there
(``reading.withheld``); the list of redactions must be exactly that. A commitment shows that the thing is fixed
although nobody sees it: whoever is shown it later can hold it against the value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.seal.shapes import list_of, object_of, text_of

# What can be withheld → what its commitment is.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "before": "entries of a stream before the first one shown: the leaf that this one names as prev",
        "after": "entries of a stream after the last one shown: the leaf of this one, which they chain on",
        "entry": "an entry of which only the leaf is shown: that leaf",
        "body": "the body of an entry: its commitment in the entry",
        "part": "a part of a bid: the hash of its ciphertext in the header",
        "key": "the bidder's own key: its commitment in the header",
        "shares": "the shares that a trustee released: the trustee's signature over them, in the log",
        "lists": "the lists of a pool: the root in the log",
        "codes": "the secret behind the codes of the review, and what is behind each: the commitment in the log",
    }
)

# Why → the clauses it rests on.
GROUNDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "not-public": ("our choice (ADR-8)",),
        "sites-secret": ("our choice (ADR-8)",),
        "number-secret": ("our choice (ADR-8)",),
        "blind-review": ("LC-2018-80 三(六)", "our choice (ADR-5)"),
        "experts-secret": ("TBL-37", "BN-2023R 四1"),
        "bid-content": ("GPL-11",),
        "opens-bids": ("our choice (ADR-6)",),
        "review-secret": ("BN-2023R 四1", "GPL-11", "our choice (ADR-8)"),
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Withheld:
    """One thing that a bundle does not show (未给出): its kind, what it is of, and the value that commits to it."""

    kind: str
    of: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What a bundle says of one thing it does not show (遮蔽)."""

    withheld: Withheld
    why: str
    basis: tuple[str, ...]


def format_redactions(redactions: Iterable[Redaction]) -> bytes:
    """Return the canonical bytes of ``redactions.json``, in the order of what is withheld."""
    rows = [
        {
            "kind": one.withheld.kind,
            "of": one.withheld.of,
            "commitment": one.withheld.commitment,
            "why": one.why,
            "basis": list(one.basis),
        }
        for one in sorted(redactions, key=lambda one: one.withheld)
    ]
    return canonical({"redactions": rows})


def parse_redactions(data: bytes) -> tuple[Redaction, ...]:
    """Return the redactions of canonical bytes; what they say is for a check to judge.

    Raises:
        ValueError: when the bytes are not in the form that ``format_redactions`` writes.
    """
    fields = object_of(parse_canonical(data), {"redactions"}, "redactions")
    return tuple(_redaction(one) for one in list_of(fields["redactions"], "redactions"))


def _redaction(value: object) -> Redaction:
    fields = object_of(value, {"kind", "of", "commitment", "why", "basis"}, "a redaction")
    what = Withheld(*(text_of(fields[key], key) for key in ("kind", "of", "commitment")))
    basis, why = list_of(fields["basis"], "basis"), fields["why"]
    if not isinstance(why, str):
        raise ValueError("why is text")
    return Redaction(what, why, tuple(text_of(one, "a basis") for one in basis))
