"""A trustee of the real program, in this process so that its clock can be set."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mifeng.programs.trustee.judge import Judge
from mifeng.programs.trustee.memory import Memory
from mifeng.rules.encoding import parse_canonical
from mifeng.rules.seal.sealing import Sealed
from mifeng.rules.seal.statements import verify_ed25519
from tests.programs.trustees import DUE, WINDOW, Keeper, Package, receipt_request


@dataclass
class Bench:
    """A trustee in this process, and what happens to one package."""

    keeper: Keeper
    package: Package
    memory: Memory
    now: int
    test: bool = False

    def __post_init__(self) -> None:
        trust = self.keeper.trust
        self.judge = Judge(self.keeper.key(), trust, self.memory, lambda: self.now, test=self.test)

    def ask(self, path: str, body: bytes) -> Any:
        """Return what was signed, or the code of the refusal."""
        answer = self.judge.answer(path, body)
        fields = parse_canonical(answer.body)
        assert isinstance(fields, dict)
        if answer.status == 200:
            return fields
        assert answer.status == (400 if fields["refused"] == "malformed" else 409)
        return fields["refused"]

    def deadline(self, receipt: str, package: Package | None = None) -> Any:
        return self.ask("/deadline", (package or self.package).deadline_request(receipt))

    def stanza(self, bid: Sealed, **signed: Any) -> Any:
        return self.ask("/stanza", self.package.stanza_request(bid, **signed))

    def withdraw(self, bid: Sealed, **changes: Any) -> Any:
        return self.ask("/withdraw", self.package.withdrawal_request(bid, **changes))

    def close(self, receipt: str) -> Any:
        return self.ask("/close", receipt_request(receipt))

    def release(self, receipt: str) -> Any:
        return self.ask("/release", receipt_request(receipt))

    def holds(self, signature: str, statement: bytes) -> bool:
        """Make sure that the trustee signed a statement."""
        verify_ed25519(self.keeper.key().trustee.verify, statement, bytes.fromhex(signature))
        return True

    def evidence(self) -> list[str]:
        """Return the codes for which witnessed entries were kept."""
        return [code for (code,) in self.memory._db.execute("SELECT code FROM evidence ORDER BY id")]


@contextmanager
def serving(folder: Path, keeper: Keeper | None = None, **options: Any) -> Iterator[Bench]:
    """Open the first trustee's memory, a minute after the key window, and close it again."""
    keeper = keeper or Keeper(folder)
    memory = Memory(folder / "memory")
    options = {"package": keeper.package(), "now": int((DUE + WINDOW).timestamp()) + 60} | options
    try:
        yield Bench(keeper, memory=memory, **options)
    finally:
        memory.close()
