"""Read an exported log once and find everything that does not fit (日志核验).

The rules stand in ``docs/spec/log.md``. What is kept in memory grows with the streams and the checkpoints, not with the
entries: the right edge of the tree, the head of each stream, the root of each checkpoint, and the times of the entries
that no witness has covered yet.
"""

from collections.abc import Iterable, Iterator

from mifeng.programs.verify.chains import Chains
from mifeng.programs.verify.checkpoints import Checkpoints, Trust
from mifeng.programs.verify.faults import Fault
from mifeng.rules.ledger import (
    ExportedCheckpoint,
    ExportedEntry,
    Frontier,
    Header,
    leaf_hash,
    parse_checkpoint,
    parse_line,
)


class Audit:
    """One reading of one export (一次核验).

    Args:
        trust: keys and earlier checkpoints known from elsewhere.
    """

    def __init__(self, trust: Trust) -> None:
        self.entries = 0
        self.checkpoints = 0
        self.found = 0
        self._position = 0
        self._test = False
        self._frontier = Frontier()
        self._chains = Chains()
        self._heads = Checkpoints(trust)
        self._against = [(note, parse_checkpoint(note.text)) for note in trust.against]

    def faults(self, rows: Iterable[bytes]) -> Iterator[Fault]:
        """Yield every fault of the export whose lines, each with its newline, are given."""
        for fault in self._all(rows):
            self.found += 1
            yield fault

    @property
    def witnesses(self) -> list[str]:
        """Return the names of those who cosigned the last checkpoint."""
        cover = self._heads.last
        return sorted(key.name for key in cover.cosigned) if cover else []

    @property
    def unchecked(self) -> list[str]:
        """Return the codes of what could not be checked."""
        return self._heads.unchecked() + (["witnessed-time"] if self._test else [])

    @property
    def summary(self) -> dict[str, object]:
        """Return what was read and what could not be checked, as JSON values; complete once all faults were taken."""
        return {
            "ok": self.found == 0,
            "entries": self.entries,
            "streams": self._chains.streams,
            "checkpoints": self.checkpoints,
            "size": self._heads.last.size if self._heads.last else 0,
            "cosigned_by": self.witnesses,
            "faults": self.found,
            "unchecked": self.unchecked,
        }

    def _all(self, rows: Iterable[bytes]) -> Iterator[Fault]:
        number = 0
        for number, row in enumerate(rows, 1):
            try:
                line = parse_line(row)
            except ValueError as error:
                yield Fault("header-wrong" if number == 1 else "line-wrong", number, found=str(error))
                continue
            match line:
                case Header() if number == 1:
                    self._test = line.is_test
                    yield from self._heads.header(number, line)
                    self._chains.timed = self._heads.has_witnesses and not self._test
                    yield from self._kept(0)
                case Header():
                    yield Fault("line-wrong", number, found="a second header")
                case _ if number == 1:
                    yield Fault("header-wrong", number, found="the header is missing")
                    yield from self._body(number, line)
                case _:
                    yield from self._body(number, line)
        if number == 0:
            yield Fault("header-wrong", 1, found="the file is empty")
        yield from self._end()

    def _body(self, number: int, line: ExportedEntry | ExportedCheckpoint) -> Iterator[Fault]:
        if isinstance(line, ExportedEntry):
            yield from self._entry(number, line)
            return
        self.checkpoints += 1
        yield from self._heads.checkpoint(number, line.note, self._frontier, self._position)
        if self._heads.seen is not None and self._chains.timed:
            yield from self._chains.covered(self._heads.seen)

    def _entry(self, number: int, line: ExportedEntry) -> Iterator[Fault]:
        self.entries += 1
        if line.index != self._position:
            yield Fault("index-wrong", number, line.index, expected=str(self._position), found=str(line.index))
        yield from self._chains.entry(number, line)
        self._frontier.append(leaf_hash(line.leaf))
        self._position = line.index + 1
        yield from self._kept(number)

    def _kept(self, number: int) -> Iterator[Fault]:
        """Compare with the checkpoints kept from earlier, once the log has their size."""
        for note, kept in self._against:
            if kept.size != self._position:
                continue
            if why := self._heads.signed_by_log(note):
                yield Fault("against-wrong", number, kept.size, found=why)
            root = self._frontier.root()
            if root != kept.root:
                yield Fault("against-forked", number, kept.size, expected=kept.root.hex(), found=root.hex())

    def _end(self) -> Iterator[Fault]:
        yield from self._chains.end()
        yield from self._heads.end(self._position)
        for _note, kept in self._against:
            if kept.size > self._position:
                yield Fault("against-longer", 0, kept.size, expected=str(kept.size), found=str(self._position))
