"""The manifest (清单): what a bundle is about, which cut of it this is, and the hash of every file in it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mifeng.rules.encoding import canonical, parse_canonical
from mifeng.rules.seal.shapes import hex_of, list_of, number_of, object_of, text_of

FORMAT = "mifeng-bundle/1"
HASH_BYTES = 32
CUTS = ("public", "supervisor")
# How far the project has come in this cut; each stage shows more.
STAGES = ("opened", "evaluated", "awarded", "announced")
# How an opening ended, and where all went well, what the cut shows of what followed.
ENDED = ("failed", "unkeyed", "short", "public")
REVIEWED = ("void", "evaluated", "awarded", "announced")
LOT_STATES = (*ENDED, *REVIEWED)
DECLARED = ("open", "withheld", "none")

_CHECK = re.compile(r"[A-Z][0-9]{1,2}", re.ASCII)
_KEYS = frozenset({"format", "cut", "stage", "project", "lots", "draws", "checks", "files"})


@dataclass(frozen=True, slots=True)
class Filed:
    """One file of a bundle (文件行): its path, its SHA-256, its length in bytes."""

    path: str
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Lot:
    """One package of the project (采购包): its number, its reference, how its opening ended or what followed it."""

    number: int
    lot_ref: str
    state: str

    @property
    def ended(self) -> str:
        """Return how its opening ended."""
        return "public" if self.is_reviewed else self.state

    @property
    def is_reviewed(self) -> bool:
        """Say whether the cut shows how its bids were reviewed."""
        return self.state in REVIEWED

    @property
    def is_scored(self) -> bool:
        """Say whether the cut shows what its bids scored."""
        return self.is_reviewed and self.state != "void"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself (清单).

    Args:
        cut: for whom: ``public`` or ``supervisor``.
        stage: how far the project has come.
        project: number of the project.
        lots: its packages whose bids were sealed, by number.
        draws: handles of the draws whose pool is fixed, in hexadecimal, ascending.
        checks: for each check whether there is something to check: ``open``, ``withheld``, ``none``.
        files: all files but the manifest itself, by path.
    """

    cut: str
    stage: str
    project: str
    lots: tuple[Lot, ...]
    draws: tuple[str, ...]
    checks: Mapping[str, str]
    files: tuple[Filed, ...]


def stage_of(lots: Iterable[Lot]) -> str:
    """Return how far a project has come (阶段): as far as the last of its packages that goes on."""
    states = [lot.state for lot in lots if lot.ended == "public"]
    going = [STAGES.index(state) if state in STAGES else 0 for state in states if state != "void"]
    return STAGES[min(going)] if going else STAGES[int("void" in states)]


def format_manifest(manifest: Manifest) -> bytes:
    """Return the canonical bytes of a manifest.

    Raises:
        ValueError: when a field is misshapen, so that none is written which a reader would refuse.
    """
    data = canonical(
        {
            "format": FORMAT,
            "cut": manifest.cut,
            "stage": manifest.stage,
            "project": manifest.project,
            "lots": [{"number": lot.number, "lot_ref": lot.lot_ref, "state": lot.state} for lot in manifest.lots],
            "draws": list(manifest.draws),
            "checks": dict(manifest.checks),
            "files": [{"path": one.path, "sha256": one.sha256.hex(), "size": one.size} for one in manifest.files],
        }
    )
    parse_manifest(data)
    return data


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest of canonical bytes.

    Raises:
        ValueError: when it is not in its only proper form.
    """
    fields = object_of(parse_canonical(data), _KEYS, "a manifest")
    if fields["format"] != FORMAT:
        raise ValueError(f"not in the format {FORMAT}")
    lots = tuple(_lot(one) for one in list_of(fields["lots"], "lots"))
    draws = tuple(hex_of(one, HASH_BYTES, "a handle").hex() for one in list_of(fields["draws"], "draws"))
    files = tuple(_file(one) for one in list_of(fields["files"], "files"))
    _ascending([lot.number for lot in lots], "packages")
    _ascending(list(draws), "draws")
    _ascending([one.path for one in files], "files")
    checks = fields["checks"]
    if not isinstance(checks, dict) or not all(_CHECK.fullmatch(check) for check in checks):
        raise ValueError("checks says something of each check by its id")
    return Manifest(
        cut=_word(fields["cut"], CUTS, "cut"),
        stage=_word(fields["stage"], STAGES, "stage"),
        project=text_of(fields["project"], "project"),
        lots=lots,
        draws=draws,
        checks={check: _word(word, DECLARED, "a check") for check, word in checks.items()},
        files=files,
    )


def _lot(value: object) -> Lot:
    fields = object_of(value, {"number", "lot_ref", "state"}, "a package")
    lot_ref = hex_of(fields["lot_ref"], HASH_BYTES, "lot_ref").hex()
    return Lot(number_of(fields["number"], "number"), lot_ref, _word(fields["state"], LOT_STATES, "state"))


def _file(value: object) -> Filed:
    fields = object_of(value, {"path", "sha256", "size"}, "a file")
    size = fields["size"]
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("size is a number of bytes")
    return Filed(text_of(fields["path"], "path"), hex_of(fields["sha256"], HASH_BYTES, "sha256"), size)


def _word(value: object, known: tuple[str, ...], what: str) -> str:
    if value not in known:
        raise ValueError(f"{what} is one of {', '.join(known)}")
    return str(value)


def _ascending(values: list[int] | list[str], what: str) -> None:
    found: list[Any] = list(values)
    if found != sorted(set(found)):
        raise ValueError(f"{what} stand in ascending order, each once")
