"""Sealing one version (密封一版): what the folder holds becomes one sealed file, opened on trial before it is kept.

The key of the version is on disk before the file is, and the file before the folder's memory names it: cut at any
moment, there is never a sealed version without its key.
"""

import hashlib
import importlib.metadata
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mifeng.programs.bid.content import files_of, guarantee_of, readout_of
from mifeng.programs.bid.folder import (
    CERTIFICATE,
    KEYS,
    OPEN,
    SLOTS_FILE,
    SUBMIT_KEY,
    Folder,
    State,
    Version,
    read_policy,
    write_whole,
)
from mifeng.programs.bid.identity import matching, now, read_certificate, signer
from mifeng.programs.bid.texts import Failed, size
from mifeng.rules.errors import Unfair
from mifeng.rules.readout import Readout
from mifeng.rules.seal.envelope import part_pieces, read_header
from mifeng.rules.seal.identity import Identity
from mifeng.rules.seal.opening import Unopenable, open_bid
from mifeng.rules.seal.part import File
from mifeng.rules.seal.sealing import Sealed, Secrets, draw_secrets, seal_bid
from mifeng.rules.seal.sharing import share

TOOL = "mifeng bid"


@dataclass(frozen=True, slots=True)
class Content:
    """What will be sealed (密封内容): the fields read out, the guarantee, and the files of every part."""

    readout: Readout
    guarantee: str
    parts: Mapping[str, Sequence[File]]

    @property
    def count(self) -> int:
        """Return how many files there are."""
        return sum(map(len, self.parts.values()))

    @property
    def size(self) -> int:
        """Return how large they are, in bytes."""
        return sum(len(one.data) for files in self.parts.values() for one in files)


def content_of(folder: Folder, words: str = "", *, accept_words: bool = False) -> Content:
    """Return what the folder holds to be sealed; see ``readout_of`` and ``files_of`` for what is refused."""
    folder.state()
    readout = readout_of(folder, words, accept_words=accept_words)
    return Content(readout, guarantee_of(folder), files_of(folder, readout))


def seal_version(folder: Folder, given: Content, show: Callable[[str], None]) -> Version:
    """Seal what was read as the next version and return it; a version that was never sent is replaced.

    Args:
        folder: the bid folder, held alone.
        given: from ``content_of``.
        show: is told which step begins.

    Raises:
        Failed: ``outcome-unknown``, ``too-large``, ``not-sealed``, ``trial-failed``, or what is wrong with a
            certificate or the policy.
    """
    state, (policy, data) = folder.state(), read_policy(folder)
    if state.latest and state.latest.step == "sent":
        raise Failed("outcome-unknown", number=state.latest.number)
    holder = matching(read_certificate(folder.path / CERTIFICATE), state.supplier, state.code)
    sign = signer(Path(state.key), holder, now())
    drawn = draw_secrets(
        policy,
        secrets.token_bytes,
        bid_ref=bytes.fromhex(state.bid_ref),
        submit=int.from_bytes(folder.secret(SUBMIT_KEY)),
    )
    number, prev = _following(state)
    show("sealing")
    try:
        sealed = seal_bid(
            policy,
            data,
            given.parts,
            secrets=drawn,
            identity=Identity(state.supplier, holder.der, given.guarantee, tool(), tool_hash()),
            signer=sign,
            slots=_slots(folder),
            version=number,
            prev=bytes.fromhex(prev),
        )
    except Unfair:
        raise Failed("too-large", size=size(given.size), limit=size(policy.envelope_bytes)) from None
    except ValueError as error:
        raise Failed("not-sealed", error=error) from error
    show("trial")
    try_open(sealed, drawn, given)
    return _keep(folder, state, sealed, prev)


def try_open(sealed: Sealed, drawn: Secrets, given: Content) -> None:
    """Open a sealed file as it will be opened, with the key and enough shares, and compare (自检).

    Raises:
        Failed: ``trial-failed``.
    """
    shares = {index: share(drawn.coefficients, index) for index in range(1, len(drawn.coefficients) + 1)}
    _, ciphertexts = read_header(sealed.container)
    pieces: dict[str, list[bytes]] = {}
    for part, piece in part_pieces(sealed.seal, ciphertexts):
        pieces.setdefault(part.id, []).append(piece)
    try:
        opened = open_bid(sealed.seal, sealed.s_b, shares, pieces)
    except Unopenable as error:
        raise Failed("trial-failed", error=error) from error
    if any(tuple(opened.parts[name]) != tuple(files) for name, files in given.parts.items()):
        raise Failed("trial-failed", error="content")


def key_name(version: Version) -> str:
    """Return the name under which the key of a version is kept."""
    return f"v{version.number}-{version.envelope[:16]}.key"


def tool() -> str:
    """Return the name and version of this program."""
    return f"{TOOL} {importlib.metadata.version('mifeng')}"


@cache
def tool_hash() -> bytes:
    """Return the hash of this program's own source files, names and contents in order."""
    found = hashlib.sha256()
    for path in _sources():
        found.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return found.digest()


def _slots(folder: Folder) -> list[bytes]:
    path = folder.path / KEYS / SLOTS_FILE
    try:
        return [bytes.fromhex(line) for line in path.read_text().split()]
    except (OSError, ValueError):
        raise Failed("key-missing", file=path) from None


def _sources() -> Iterator[Path]:
    here = Path(__file__).parent
    for folder in (here, here.parents[1] / "rules"):
        yield from sorted(folder.rglob("*.py"))


def _following(state: State) -> tuple[int, str]:
    """Return number and predecessor of the next version: the last one handed in, also one that was withdrawn."""
    handed = [one for one in state.versions if one.step != "sealed"]
    return (handed[-1].number + 1, handed[-1].envelope) if handed else (1, "")


def _keep(folder: Folder, state: State, sealed: Sealed, prev: str) -> Version:
    version = Version(
        number=sealed.version,
        envelope=sealed.envelope_hash.hex(),
        prev=prev,
        sha256=hashlib.sha256(sealed.container).hexdigest(),
        size=len(sealed.container),
    )
    folder.keep_secret(key_name(version), sealed.s_b)
    write_whole(folder.container(version.number), sealed.container, OPEN)
    folder.remember(state.with_version(version))
    return version
