"""The bid folder (投标文件夹): everything about one bid for one package, in plain files.

``bid.json`` and the folders of the parts are the bidder's to fill. ``keys`` is closed to others and must be kept until
the opening. ``state.json`` is the tool's own memory and the one thing that decides: a file that it does not name is
left over from a step that was cut short, and that step is simply done again.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mifeng.programs.bid.texts import Failed
from mifeng.rules.seal.policy import Policy, parse_policy, policy_hash

try:
    import fcntl
except ImportError:  # Windows knows no such lock; two commands at once are then the bidder's to avoid.
    fcntl = None  # type: ignore[assignment]

BID, POLICY, STATE, CERTIFICATE = "bid.json", "policy.json", "state.json", "certificate.pem"
KEYS, RECEIPTS, LOCK = "keys", "receipts", ".lock"
SUBMIT_KEY, SLOTS_FILE = "submit.key", "slots"
FILLED = ("price", "business", "technical", "qualification")
READOUT = "readout"
OPEN, CLOSED = 0o644, 0o600


@dataclass(frozen=True, slots=True)
class Version:
    """One sealed version (版本) and how far it got.

    Args:
        number: from 1, never used twice.
        envelope: envelope hash, in hexadecimal.
        prev: envelope hash of the version it replaces; empty for the first.
        sha256: of the whole file, in hexadecimal.
        size: of the whole file, in bytes.
        step: ``sealed``; ``sent``, when the answer to its submission is not known; ``submitted``; ``withdrawn``.
        leaf: ledger leaf of its submission, once known.
    """

    number: int
    envelope: str
    prev: str
    sha256: str
    size: int
    step: str = "sealed"
    leaf: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What the tool remembers of a bid (投标状态).

    Args:
        supplier: full name of the bidder.
        code: its unified social credit code.
        key: where the private key of its certificate lies.
        policy_hash: of the policy the bid is made for, in hexadecimal.
        bid_ref: the bid's own reference, in hexadecimal.
        server: address of the platform, without trailing slash; empty until known.
        bound: the submit key has been bound to the bidder's account.
        versions: what was sealed, oldest first.
    """

    supplier: str
    code: str
    key: str
    policy_hash: str
    bid_ref: str
    server: str = ""
    bound: bool = False
    versions: tuple[Version, ...] = ()

    @property
    def latest(self) -> Version | None:
        """Return the version sealed last."""
        return self.versions[-1] if self.versions else None

    @property
    def standing(self) -> Version | None:
        """Return the version that stands with the platform, as far as the tool knows."""
        handed = [one for one in self.versions if one.step in ("submitted", "withdrawn")]
        return handed[-1] if handed and handed[-1].step == "submitted" else None

    def with_version(self, changed: Version) -> "State":
        """Return the state with one version replaced or added."""
        kept = tuple(one for one in self.versions if one.number != changed.number)
        return replace(self, versions=tuple(sorted((*kept, changed), key=lambda one: one.number)))


class Folder:
    """A bid folder on disk (投标文件夹)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the folders that are missing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (READOUT, *FILLED, RECEIPTS):
            (self.path / name).mkdir(exist_ok=True)
        (self.path / KEYS).mkdir(mode=0o700, exist_ok=True)

    @property
    def is_made(self) -> bool:
        """Say whether ``make`` has been done to its end."""
        return (self.path / STATE).is_file()

    def state(self) -> State:
        """Return what the tool remembers.

        Raises:
            Failed: ``folder-missing`` or ``folder-damaged``.
        """
        try:
            fields: dict[str, Any] = json.loads((self.path / STATE).read_bytes())
            versions = tuple(Version(**one) for one in fields.pop("versions"))
            return State(versions=versions, **fields)
        except FileNotFoundError:
            raise Failed("folder-missing", folder=self.path) from None
        except (ValueError, TypeError, KeyError) as error:
            raise Failed("folder-damaged", file=self.path / STATE, error=error) from error

    def remember(self, state: State) -> State:
        """Write the tool's memory, on disk when this returns; return it."""
        text = json.dumps(asdict(state), ensure_ascii=False, indent=1)
        write_whole(self.path / STATE, text.encode() + b"\n", CLOSED)
        return state

    def container(self, number: int) -> Path:
        """Return where a sealed version lies."""
        return self.path / f"bid-v{number}.be1"

    def secret(self, name: str) -> bytes:
        """Return a secret of the folder: bytes kept in hexadecimal.

        Raises:
            Failed: ``key-missing`` when it is not there or not hexadecimal.
        """
        path = self.path / KEYS / name
        try:
            return bytes.fromhex(path.read_text().strip())
        except (OSError, ValueError):
            raise Failed("key-missing", file=path) from None

    def keep_secret(self, name: str, value: bytes) -> None:
        """Keep a secret where only the owner reads it."""
        write_whole(self.path / KEYS / name, value.hex().encode() + b"\n", CLOSED)

    def keep_receipt(self, name: str, text: str) -> Path:
        """Keep a receipt and return where it lies."""
        path = self.path / RECEIPTS / name
        if not path.is_file() or path.read_text() != text:
            write_whole(path, text.encode(), OPEN)
        return path

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder alone: two commands on one folder would overwrite each other's memory.

        Raises:
            Failed: ``folder-missing`` or ``folder-busy``.
        """
        if not self.path.is_dir():
            raise Failed("folder-missing", folder=self.path)
        with (self.path / LOCK).open("a") as lock:
            if fcntl is not None:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise Failed("folder-busy", folder=self.path) from None
            yield


def read_policy(folder: Folder) -> tuple[Policy, bytes]:
    """Return the policy the bid is made for, and its bytes.

    Raises:
        Failed: ``policy-unreadable``; ``policy-hash``, when it is no longer the one the folder was made with.
    """
    try:
        data = (folder.path / POLICY).read_bytes()
        policy = parse_policy(data)
    except (OSError, ValueError) as error:
        raise Failed("policy-unreadable", error=error) from error
    found, expected = policy_hash(data).hex(), folder.state().policy_hash
    if found != expected:
        raise Failed("policy-hash", expected=expected, found=found)
    return policy, data


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, over an older one if there is one; it is on disk when this returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
