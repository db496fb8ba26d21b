"""The log of a project as its evidence shows it (证据中的台账): which entries, laid open how far, and the proofs.

What everybody may read is what pages show: the notice and what follows from it. Earlier acts, acts between notices,
sites, how invitations came out and what members of a committee held stay closed; the supervisor's cut opens all of it
but what the blind review forbids while it goes on.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from mifeng.bidding.models import Bid, Countersignature, Opening
from mifeng.kernel.ledger.proofs import note_of, tile
from mifeng.kernel.models import Cosignature, Entry, EntryBody, Leaf
from mifeng.oversight.judged import review_streams
from mifeng.programs.verify.bundle.completeness import CONFIDENTIAL
from mifeng.rules.bundle.manifest import Lot as LotRow
from mifeng.rules.bundle.records import Countersigned, Head, Row
from mifeng.rules.decisive import published
from mifeng.rules.ledger import Disclosed, TileTree, format_time, parse_note, parse_vkey
from mifeng.rules.seal.policy import parse_policy
from mifeng.sittings.evidence import DrawEvidence, panel_subjects
from mifeng.tenders.models import Lot, Tender

NOTICES = ("publish_notice", "clarify")
# Acts whose bodies everybody may read once the bids are open.
PUBLIC_BODIES = frozenset(
    {"publish_notice", "close_bidding", "close_list", "record_countersignatures", "open_keys", "close_keys"}
    | {"record_releases", "receive_bid", "record_acks", "withdraw_bid", "confirm_key"}
    | {"commit_pool", "record_contributions", "fix_seed", "abort_draw", "commit_codes"}
    | {"begin_review", "start_evaluation", "seat_members", "issue_codes", "sign_sheet", "lock_technical"}
    | {"change_seat_key"}
    | {"hand_over", "award", "explain_delay", "deem_awarded", "announce", "take_next", "start_anew"}
)
# Acts that everybody may know of; of any other in these chains the public sees the leaf alone.
PUBLIC_ACTS = PUBLIC_BODIES | CONFIDENTIAL | {"clarify", "open_all"}
# Its body says which files lay in which bid, so nobody reads it before the review is over.
LINKS_FILES = "open_all"


class NotReady(Exception):
    """The evidence cannot be put together now (尚未就绪): an entry it needs is not witnessed yet."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What evidence is put together from (取证范围).

    Args:
        tender: the project.
        lots: its sealed packages, by number.
        openings: their openings, by package id.
        rows: the packages as the manifest has them, by package id.
        draws: its draws whose pool is fixed.
        cut: for whom.
    """

    tender: Tender
    lots: tuple[Lot, ...]
    openings: Mapping[UUID, Opening]
    rows: Mapping[UUID, LotRow]
    draws: tuple[DrawEvidence, ...]
    cut: str

    @property
    def is_public(self) -> bool:
        """Say whether everybody may read it."""
        return self.cut == "public"


def streams(matter: Matter) -> list[str]:
    """Return the chains of the ledger that belong to a project, as its evidence shows them."""
    found = [f"tenders.tender:{matter.tender.pk}"]
    for lot in matter.lots:
        found += [f"tenders.lot:{lot.pk}", f"bidding.opening:{lot.pk}"]
        found += [f"bidding.bid:{pk}" for pk in _bids(matter, lot)]
        found += review_streams(lot) if matter.rows[lot.pk].is_reviewed else []
    found += [one.subject for one in matter.draws]
    return found if matter.is_public else found + panel_subjects(matter.tender)


def version(matter: Matter) -> Entry:
    """Return what changes whenever the evidence may: the last entry of any of its chains."""
    return Entry.objects.filter(subject__in=streams(matter)).order_by("-pk")[0]


def entries(matter: Matter) -> list[Entry]:
    """Return the entries that the evidence shows, in the order in which they were written."""
    found = []
    for stream in streams(matter):
        rows = list(Entry.objects.filter(subject=stream).order_by("pk"))
        found += _public_part(rows) if matter.is_public else rows
    return sorted(found, key=lambda row: row.pk)


def log(matter: Matter) -> tuple[tuple[Row, ...], tuple[Head, ...]]:
    """Return the rows and the checkpoints of the log section.

    Raises:
        NotReady: while an entry is not under a checkpoint that all witnesses of the policies have signed.
    """
    rows = entries(matter)
    places = dict(Leaf.objects.filter(entry__in=[row.pk for row in rows]).values_list("entry", "index"))
    if len(places) < len(rows):
        raise NotReady("an entry has no place in the log yet")
    covers = _covers(places.values(), _witnesses(matter))
    last, tree = max(covers), TileTree(tile)
    bodies = EntryBody.objects.in_bulk([row.pk for row in rows])
    shown = tuple(
        Row(
            places[row.pk],
            row.subject,
            bytes(row.leaf),
            tuple(tree.inclusion_proof(places[row.pk], last)),
            _disclosed(matter, row, bodies.get(row.pk)),
        )
        for row in sorted(rows, key=lambda row: places[row.pk])
    )
    return shown, tuple(_heads(tree, covers))


def countersigned(matter: Matter) -> tuple[Countersigned, ...]:
    """Return what trustees signed under the deadlines and the lists of bids."""
    found = []
    for lot in matter.lots:
        for row in Countersignature.objects.filter(lot=lot).order_by("kind", "entry", "trustee"):
            due = _due(matter, lot, row)
            signature = bytes.fromhex(row.signature)
            found.append(Countersigned(row.kind, lot.lot_ref, row.leaf, row.trustee, due, signature))
    return tuple(found)


def why_withheld(matter: Matter, row: Entry) -> str:
    """Return why an entry, or its body, is not shown."""
    if row.type == LINKS_FILES:
        return "bid-content" if _is_reviewed(matter, row) else "blind-review"
    if row.type in CONFIDENTIAL or row.subject.startswith("evaluation.sheet:"):
        return "review-secret"
    if row.type == "clarify":
        return "sites-secret"
    return "number-secret" if row.type == "close_list" else "not-public"


def _bids(matter: Matter, lot: Lot) -> list[object]:
    """Return the bids whose chains are shown: to the supervisor all, to the public those on a list that was opened."""
    rows = Bid.objects.filter(lot_ref=lot.lot_ref).order_by("bid_ref")
    opening = matter.openings[lot.pk]
    if matter.is_public:
        listed = [] if opening.state == "failed" else [row["bid_ref"] for row in opening.list]
        rows = rows.filter(bid_ref__in=listed)
    return list(rows.values_list("pk", flat=True))


def _public_part(rows: list[Entry]) -> list[Entry]:
    """Return the part of a chain that everybody may see: of a project from its notice on, of a draw up to its seed."""
    if not rows:
        return []
    kind, types = rows[0].subject.partition(":")[0], [row.type for row in rows]
    if kind == "tenders.tender":
        return rows[types.index("publish_notice") :]
    if kind == "experts.draw" and "fix_seed" in types:
        return rows[: types.index("fix_seed") + 1]
    return rows


def _disclosed(matter: Matter, row: Entry, body: EntryBody | None) -> Disclosed | None:
    if matter.is_public and row.type not in PUBLIC_ACTS:
        return None
    shown = body if body is not None and _shows_body(matter, row) else None
    return Disclosed(
        data=bytes(row.data),
        salt=bytes(row.salt),
        body=bytes(shown.content) if shown else None,
        body_salt=bytes(shown.salt) if shown else None,
    )


def _shows_body(matter: Matter, row: Entry) -> bool:
    if row.type == LINKS_FILES:
        return not matter.is_public and _is_reviewed(matter, row)
    if not matter.is_public:
        return True
    if row.type == "close_list":
        return all(one.state != "failed" for one in matter.openings.values() if one.list_entry_id == row.pk)
    return row.type in PUBLIC_BODIES


def _is_reviewed(matter: Matter, row: Entry) -> bool:
    """Say whether the review of the package is over that an entry about its opening speaks of."""
    return matter.rows[UUID(row.subject.partition(":")[2])].is_reviewed


def _witnesses(matter: Matter) -> frozenset[str]:
    policies = (parse_policy(lot.policy.encode()) for lot in matter.lots)
    return frozenset(parse_vkey(text).name for policy in policies for text in policy.witnesses)


def _covers(indices: Iterable[int], witnesses: frozenset[str]) -> list[int]:
    """Return the sizes of the checkpoints under which places stand, ascending; whatever one covers needs no other."""
    sizes = [0]
    for index in sorted(indices):
        if index >= sizes[-1]:
            sizes.append(_cover(index, witnesses))
    return sizes[1:]


def _cover(index: int, witnesses: frozenset[str]) -> int:
    """Return the size of the first checkpoint over a place that all these witnesses have signed."""
    rows = Cosignature.objects.filter(checkpoint__gt=index, witness__in=witnesses).order_by("checkpoint")
    seen: dict[int, set[str]] = {}
    for size, witness in rows.values_list("checkpoint", "witness")[: 100 * len(witnesses)]:
        seen.setdefault(size, set()).add(witness)
        if seen[size] == witnesses:
            return size
    raise NotReady("an entry is not witnessed yet")


def _heads(tree: TileTree, sizes: Iterable[int]) -> Iterator[Head]:
    before = 0
    for size in sizes:
        note = note_of(size)
        parse_note(note)
        yield Head(note, tuple(tree.consistency_proof(before, size)))
        before = size


def _due(matter: Matter, lot: Lot, row: Countersignature) -> str:
    """Return the deadline that a trustee countersigned: of the list, or of the notice that its leaf names."""
    if row.kind == "close":
        return format_time(matter.openings[lot.pk].due)
    named = EntryBody.objects.get(entry__leaf=bytes.fromhex(row.leaf))
    return format_time(published(bytes(named.content)).lots[lot.lot_ref][1])
