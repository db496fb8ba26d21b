"""The evidence bundle of a project (证据包), put together from what is there; it changes nothing and decides nothing.

Equal evidence is equal bytes: the files hold no time of their making, and the log section ends with the first
checkpoint that covers it. So a bundle is made once for each state of its chains and kept under ``<data>/evidence``;
whoever deletes that folder loses nothing.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from mifeng.bidding.models import Opening
from mifeng.bidding.queries import OVER
from mifeng.gateways.ca.folder import FolderCa
from mifeng.kernel.acting import advisory_key
from mifeng.kernel.ledger.append import timestamp
from mifeng.kernel.ledger.queries import body_of
from mifeng.kernel.models import Entry
from mifeng.kernel.vault import path_of
from mifeng.oversight.judged import lot_row, review_files
from mifeng.oversight.records import NOTICES, Matter, NotReady, countersigned, entries, log, version, why_withheld
from mifeng.oversight.sealed import opening_files
from mifeng.programs.verify.bundle.case import Trust
from mifeng.programs.verify.bundle.report import outcomes, verify
from mifeng.rules.bundle import (
    CATALOGUE,
    Bundle,
    Filed,
    Manifest,
    Redaction,
    Withheld,
    format_manifest,
    format_redactions,
    layout,
    pack,
    read_bundle,
    stage_of,
    withheld,
)
from mifeng.rules.bundle.forms import format_countersigned, format_documents, format_draw, format_entries, format_heads
from mifeng.rules.bundle.records import Document
from mifeng.rules.bundle.redaction import GROUNDS
from mifeng.rules.draw.disclosure import format_disclosure
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import parse_vkey
from mifeng.rules.rulebook import parse_rulebook
from mifeng.sittings.evidence import draw_evidence
from mifeng.tenders.models import Document as TenderDocument
from mifeng.tenders.models import Lot, Notice, Tender

__all__ = [
    "CUTS",
    "PUBLIC",
    "SUPERVISOR",
    "Evidence",
    "NotReady",
    "TooEarly",
    "evidence",
    "files_of",
    "is_over",
    "matter_of",
]

FOLDER, RESULT = "evidence", ".json"
PUBLIC, SUPERVISOR = CUTS = ("public", "supervisor")
# What is withheld of a bid or a draw → why; entries and bodies have their own reasons.
WHY = {"before": "not-public", "after": "experts-secret", "key": "opens-bids", "shares": "opens-bids"}
WHY |= {"lists": "experts-secret", "codes": "blind-review"}
BLIND = ("business", "technical", "qualification")


class TooEarly(Exception):
    """There is no evidence yet (尚无证据包): the opening of a package is not over."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A bundle as it is kept (证据包).

    Args:
        path: of the file.
        sha256: of its bytes, hexadecimal.
        size: in bytes.
        at: time of the last entry it rests on.
        result: what the platform's own verification of it says, as ``mifeng verify bundle --json`` prints it.
    """

    path: Path
    sha256: str
    size: int
    at: datetime
    result: Mapping[str, Any]


def evidence(tender: Tender, cut: str = PUBLIC) -> Evidence:
    """Return the bundle of a project as its chains stand now; it is made when it is not kept (取证据包).

    Raises:
        TooEarly: before the opening of all packages is over.
        NotReady: while something of it is not witnessed yet.
    """
    matter = matter_of(tender, cut)
    last = version(matter)
    path = Path(settings.ENV.data) / FOLDER / f"{tender.pk}-{cut}-{last.pk}.evb"
    if not path.is_file():
        with transaction.atomic(), connection.cursor() as cursor:
            # Two readers who come at once make it once.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [advisory_key(f"evidence:{tender.pk}:{cut}")])
            if not path.is_file():
                _make(path, files_of(matter))
    result = json.loads(path.with_suffix(RESULT).read_text("utf-8"))
    return Evidence(path, _sha256(path), path.stat().st_size, last.at, result)


def matter_of(tender: Tender, cut: str) -> Matter:
    """Return what the evidence of a project is put together from.

    Raises:
        TooEarly: before the opening of all packages is over.
    """
    if not is_over(tender):
        raise TooEarly(tender.number)
    lots, openings = _openings(tender)
    rows = {lot.pk: lot_row(lot, openings[lot.pk], cut) for lot in lots}
    whole = cut == SUPERVISOR or stage_of(rows.values()) == "announced"
    return Matter(tender, lots, openings, rows, tuple(draw_evidence(tender, whole=whole)), cut)


def is_over(tender: Tender) -> bool:
    """Say whether there is evidence of a project to be had: the openings of all its sealed packages are over."""
    lots, openings = _openings(tender)
    return bool(lots) and len(openings) == len(lots) and all(row.state in OVER for row in openings.values())


def files_of(matter: Matter) -> list[tuple[str, bytes]]:
    """Return the files of a bundle in their order, the manifest first.

    Raises:
        NotReady: while something of it is not witnessed yet.
    """
    found = dict(_files(matter))
    manifest = Manifest(
        cut=matter.cut,
        stage=stage_of(matter.rows.values()),
        project=matter.tender.number,
        lots=tuple(matter.rows[lot.pk] for lot in matter.lots),
        draws=tuple(one.record.handle for one in matter.draws),
        checks=dict.fromkeys(CATALOGUE, "none"),
        files=(),
    )
    bundle = read_bundle([(layout.MANIFEST, format_manifest(manifest)), *found.items()])
    redactions = tuple(_redactions(matter, bundle))
    found[layout.REDACTIONS] = format_redactions(redactions)
    rows = tuple(Filed(path, hashlib.sha256(data).digest(), len(data)) for path, data in sorted(found.items()))
    whole = replace(bundle, manifest=replace(manifest, files=rows), redactions=redactions, files=found)
    manifest = replace(whole.manifest, checks=outcomes(whole))
    return [(layout.MANIFEST, format_manifest(manifest)), *sorted(found.items())]


def _files(matter: Matter) -> Iterator[tuple[str, bytes]]:
    rows, heads = log(matter)
    yield layout.ENTRIES, format_entries(rows)
    yield layout.CHECKPOINTS, format_heads(heads)
    yield layout.COUNTERSIGNATURES, format_countersigned(countersigned(matter))
    yield layout.NOTICES, canonical({"notices": _notices(matter)})
    documents = _documents(matter)
    yield layout.DOCUMENTS, format_documents(tuple(documents))
    yield from ((one.path, path_of(sha256).read_bytes()) for one, sha256 in documents.items())
    yield layout.RULEBOOK, rulebook_text(matter.tender.rulebook)
    for lot in matter.lots:
        yield layout.policy_path(lot.number), lot.policy.encode()
        yield from opening_files(matter, lot)
        yield from review_files(matter.rows[lot.pk], lot)
    for one in matter.draws:
        yield layout.draw_path(one.record.handle), format_draw(one.record)
        if one.disclosure is not None:
            yield layout.disclosure_path(one.record.handle), format_disclosure(one.disclosure)
    if not matter.is_public:
        ca = FolderCa(Path(settings.ENV.data) / "ca")
        yield layout.AUTHORITY, ca.root()
        yield layout.REVOKED, ca.crl(max(row.due for row in matter.openings.values()))


def _notices(matter: Matter) -> list[dict[str, object]]:
    """Return the notices as they were shown, with the handles that each listed then."""
    shown = []
    acts = Entry.objects.filter(subject=f"tenders.tender:{matter.tender.pk}", type__in=NOTICES).order_by("pk")
    for pk in acts.values_list("pk", flat=True):
        moves = body_of(pk)["moves"]
        [own] = [move for move in moves if move["step"] == "notice"]
        handles = next(move["facts"]["draw_handles"] for move in moves if "draw_handles" in move.get("facts", {}))
        row = Notice.objects.get(pk=own["subject"].partition(":")[2])
        shown.append(
            {
                "number": matter.tender.number,
                "title": row.title,
                "text": row.text,
                "due": timestamp(row.bids_due_at),
                "at": timestamp(row.published_at),
                "policies": sorted(lot.policy_hash for lot in matter.lots),
                "draw_handles": handles,
            }
        )
    return shown


def _documents(matter: Matter) -> dict[Document, str]:
    rows = TenderDocument.objects.filter(tender=matter.tender, issued_at__isnull=False).order_by("version")
    return {Document(row.version, row.name, layout.document_path(row.version)): row.sha256 for row in rows}


def _redactions(matter: Matter, bundle: Bundle) -> Iterator[Redaction]:
    rows = {bytes(row.leaf).hex(): row for row in entries(matter)}
    for one in withheld(bundle):
        why = _why(matter, bundle, rows, one)
        yield Redaction(one, why, GROUNDS[why])


def _why(matter: Matter, bundle: Bundle, rows: dict[str, Entry], one: Withheld) -> str:
    if one.kind in ("entry", "body"):
        return why_withheld(matter, rows[one.of])
    if one.kind == "part":
        folder, _, part = one.of.rpartition("/")
        opened = any(bid.folder == folder and bid.published.outcome == "opened" for bid in bundle.bids)
        return "blind-review" if opened and part in BLIND else "bid-content"
    return WHY[one.kind]


def _openings(tender: Tender) -> tuple[tuple[Lot, ...], dict[UUID, Opening]]:
    lots = tuple(Lot.objects.filter(tender=tender).exclude(lot_ref="").order_by("number"))
    rows = Opening.objects.filter(pk__in=[lot.pk for lot in lots]).order_by("pk")
    return lots, {row.pk: row for row in rows}


@cache
def rulebook_text(name: str) -> bytes:
    """Return the text of a rulebook by its name."""
    texts = (path.read_bytes() for path in files("mifeng.rules").joinpath("rulebooks").iterdir())
    return next(text for text in texts if text.strip() and parse_rulebook(text.decode()).name == name)


def _make(path: Path, found: list[tuple[str, bytes]]) -> None:
    """Write a bundle and its result, whole or not at all, and let go of earlier ones of the same project and cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    result = verify(read_bundle(found), _own_trust()).fields()
    _write(path.with_suffix(RESULT), [json.dumps(result, ensure_ascii=False).encode()])
    _write(path, pack(found))
    for old in path.parent.glob(f"{path.stem.rpartition('-')[0]}-*"):
        if old.stem != path.stem:
            old.unlink(missing_ok=True)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.writelines(pieces)
    Path(file.name).replace(path)


def _own_trust() -> Trust:
    """Return the keys that this platform itself hands out; an outsider takes them from elsewhere."""
    data = Path(settings.ENV.data)
    log, witness = data / "keys" / "log.vkey", data / "witness" / "witness.vkey"
    return Trust(log=parse_vkey(log.read_text()), witnesses=(parse_vkey(witness.read_text()),))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
