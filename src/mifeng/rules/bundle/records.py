"""What the files of a bundle hold (证据包内容): one value for each kind of record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mifeng.rules.draw.lots import Contribution
from mifeng.rules.ledger import Disclosed


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of the log as a bundle holds it (条目行).

    Args:
        index: its place in the log.
        stream: the chain it is said to belong to.
        leaf: what stands in the log.
        proof: that it stands there, under the last checkpoint.
        disclosed: the entry laid open; None when only its leaf is shown.
    """

    index: int
    stream: str
    leaf: bytes
    proof: tuple[bytes, ...]
    disclosed: Disclosed | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint with its signatures, and the proof that it continues the one before it in the bundle (树根)."""

    note: str
    proof: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Countersigned:
    """A trustee's signature under an entry that decides something about a package (副署): ``deadline`` or ``close``."""

    kind: str
    lot_ref: str
    leaf: str
    trustee: str
    due: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A version of the tender document (招标文件), and the file of the bundle that holds it."""

    version: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """The signature with which a version was handed in (递交签名)."""

    version: int
    envelope: str
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Acked:
    """What a trustee signed about its share of the listed version (可开启确认)."""

    trustee: str
    verdict: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class BidRecord:
    """What belongs to one listed bid beside its header (投标记录): signatures, and the keys of the parts shown."""

    submitted: tuple[Submitted, ...]
    acks: tuple[Acked, ...]
    keys: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """One bid as the record of the opening shows it (开标记录行); money as text, empty where there is none."""

    position: int
    bid_ref: str
    envelope: str
    outcome: str
    bidder: str = ""
    credit_code: str = ""
    price_yuan: str = ""
    price_words: str = ""
    delivery: str = ""
    quality: str = ""
    doubts: tuple[str, ...] = ()
    fault: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpeningRecord:
    """The record of an opening (开标记录): how it ended, why, and its bids in the order of the list."""

    ended: str
    reason: str
    bids: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """The shares that a trustee released (放行份额): bid_ref and share in the order of the list of keys."""

    trustee: str
    shares: tuple[tuple[str, bytes], ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """What everybody may know of a draw before the award (抽取公开信息)."""

    handle: str
    policy_hash: str
    pool_leaf: str
    seed_leaf: str
    seed: str
    seats: int
    filled: int
    contributions: tuple[Contribution, ...]
    walk: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What one bid under review came to (评审结果行); numbers as text, empty where there is none.

    Args:
        position: its place on the list.
        bid_ref: which bid.
        valid: it was ranked.
        reasons: codes of why it was not.
        quote_yuan: what it asks.
        granted: ids of the deductions it was granted.
        evaluated_yuan: after the deductions.
        technical: mean of the technical points.
        mean: mean of all points that members gave.
        price: points for the price.
        total: points in all.
        rank: by total and price, from 1; 0 where it was not ranked.
        place: the order in which candidates are taken, from 1; 0 for a bid that may not be recommended.
        decided: what put it behind the one before.
        low: tests by which its quote starts a review for an abnormally low price.
    """

    position: int
    bid_ref: str
    valid: bool
    reasons: tuple[str, ...] = ()
    quote_yuan: str = ""
    granted: tuple[str, ...] = ()
    evaluated_yuan: str = ""
    technical: str = ""
    mean: str = ""
    price: str = ""
    total: str = ""
    rank: int = 0
    place: int = 0
    decided: str = ""
    low: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """What the review of a package came to (评审结果): the report's hash, each bid, who is recommended, first first."""

    report: str
    bids: tuple[Scored, ...]
    candidates: tuple[str, ...]
