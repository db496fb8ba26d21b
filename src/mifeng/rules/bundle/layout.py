"""Where what stands in a bundle (证据包布局): the path of each file, which must be there, and which may."""

from collections.abc import Iterator

from mifeng.rules.bundle.archive import MANIFEST
from mifeng.rules.bundle.manifest import Lot, Manifest
from mifeng.rules.bundle.records import OpeningRecord
from mifeng.rules.seal.policy import PARTS

RULEBOOK, AUTHORITY, REVOKED = "policy/rulebook.toml", "policy/authority.der", "policy/revoked.crl"
CHECKPOINTS, ENTRIES = "log/checkpoints.json", "log/entries.json"
COUNTERSIGNATURES = "log/countersignatures.json"
NOTICES, DOCUMENTS = "tender/notices.json", "tender/documents.json"
REDACTIONS = "redactions.json"
ALWAYS = (CHECKPOINTS, COUNTERSIGNATURES, DOCUMENTS, ENTRIES, NOTICES, REDACTIONS, RULEBOOK)
READ_OUT = "readout"
# The parts that a supervisor sees before the review is over.
SUPERVISED = ("readout", "price", "identity")


def policy_path(number: int) -> str:
    """Return where the sealing policy of a package stands."""
    return f"policy/lot-{number}.json"


def opening_path(number: int) -> str:
    """Return where the record of an opening stands."""
    return f"opening/{number}.json"


def releases_path(number: int) -> str:
    """Return where the released shares of a package stand."""
    return f"opening/{number}-releases.json"


def document_path(version: int) -> str:
    """Return where a version of the tender document stands."""
    return f"tender/documents/{version}.pdf"


def bid_folder(number: int, position: int) -> str:
    """Return the folder of a listed bid."""
    return f"bids/{number}/{position}"


def header_path(number: int, position: int) -> str:
    """Return where the header of a listed bid stands."""
    return f"{bid_folder(number, position)}/seal.json"


def record_path(number: int, position: int) -> str:
    """Return where the signatures and keys of a listed bid stand."""
    return f"{bid_folder(number, position)}/record.json"


def part_path(number: int, position: int, part: str) -> str:
    """Return where the ciphertext of a part stands."""
    return f"{bid_folder(number, position)}/{part}.ct"


def draw_path(handle: str) -> str:
    """Return where what is public of a draw stands."""
    return f"draw/{handle}.json"


def disclosure_path(handle: str) -> str:
    """Return where the disclosure of a draw stands."""
    return f"draw/{handle}-disclosure.json"


def template_path(number: int) -> str:
    """Return where the scoring template of a package stands."""
    return f"review/{number}-template.json"


def codes_path(number: int) -> str:
    """Return where the link between the codes and the bids of a package stands."""
    return f"review/{number}-codes.json"


def result_path(number: int) -> str:
    """Return where it stands what the review of a package came to."""
    return f"result/{number}.json"


def shown_parts(cut: str, lot: Lot) -> tuple[str, ...]:
    """Return which parts of an opened bid a cut shows."""
    if cut == "public":
        return (READ_OUT,)
    return PARTS if lot.is_reviewed else SUPERVISED


def required(manifest: Manifest, lot: Lot, record: OpeningRecord | None) -> Iterator[str]:
    """Yield the paths that must be there for one package."""
    supervised = manifest.cut == "supervisor"
    yield policy_path(lot.number)
    yield opening_path(lot.number)
    if supervised and lot.ended in ("short", "public"):
        yield releases_path(lot.number)
    for bid in record.bids if record else ():
        yield header_path(lot.number, bid.position)
        yield record_path(lot.number, bid.position)
        if bid.outcome == "opened":
            yield from (part_path(lot.number, bid.position, part) for part in shown_parts(manifest.cut, lot))
    if lot.is_reviewed:
        yield template_path(lot.number)
    if lot.is_scored:
        yield codes_path(lot.number)
        yield result_path(lot.number)


def required_draw(manifest: Manifest, handle: str, *, seeded: bool) -> Iterator[str]:
    """Yield the paths that must be there for one draw."""
    yield draw_path(handle)
    if seeded and discloses(manifest):
        yield disclosure_path(handle)


def discloses(manifest: Manifest) -> bool:
    """Say whether a cut discloses its draws: to the supervisor at once, to everybody with the results."""
    return manifest.cut == "supervisor" or manifest.stage == "announced"


def required_always(manifest: Manifest) -> Iterator[str]:
    """Yield the paths that must be there in any bundle of a cut."""
    yield from ALWAYS
    if manifest.cut == "supervisor":
        yield from (AUTHORITY, REVOKED)


__all__ = [
    "ALWAYS",
    "AUTHORITY",
    "CHECKPOINTS",
    "COUNTERSIGNATURES",
    "DOCUMENTS",
    "ENTRIES",
    "MANIFEST",
    "NOTICES",
    "PARTS",
    "READ_OUT",
    "REDACTIONS",
    "REVOKED",
    "RULEBOOK",
    "SUPERVISED",
    "bid_folder",
    "codes_path",
    "discloses",
    "disclosure_path",
    "document_path",
    "draw_path",
    "header_path",
    "opening_path",
    "part_path",
    "policy_path",
    "record_path",
    "releases_path",
    "required",
    "required_always",
    "required_draw",
    "result_path",
    "shown_parts",
    "template_path",
]
