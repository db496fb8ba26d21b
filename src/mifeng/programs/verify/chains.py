"""The entries of a log, one by one (条目核验): each fits its leaf, its stream and the times at which it was seen."""

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from mifeng.programs.verify.faults import Fault
from mifeng.rules.ledger import Entry, ExportedEntry, format_time, is_ahead, is_behind, parse_entry


class Head(NamedTuple):
    """The last entry of a stream so far (链尾)."""

    leaf: bytes
    place: int
    at: datetime


class Uncovered:
    """The entries that no witness has covered yet (待见证的条目), in 32 bytes each, since they may be a million."""

    def __init__(self) -> None:
        self._lines, self._indexes, self._times = array("q"), array("q"), array("d")
        self._streams: list[str] = []

    def add(self, line: int, index: int, stream: str, at: datetime) -> None:
        """Keep where an entry stands and the time it claims."""
        self._lines.append(line)
        self._indexes.append(index)
        self._times.append(at.timestamp())
        self._streams.append(stream)

    def take(self) -> Iterator[tuple[int, int, str, datetime]]:
        """Yield line, index, stream and time of each entry, and forget them all."""
        for line, index, stream, at in zip(self._lines, self._indexes, self._streams, self._times, strict=True):
            yield line, index, stream, datetime.fromtimestamp(at, UTC)
        for column in (self._lines, self._indexes, self._times, self._streams):
            del column[:]


class Chains:
    """Checks entries in the order of the log (链的核验).

    ``timed`` says whether the times of entries are compared with those of witnesses: not without a witness, and not in
    a test log, whose clock may be moved.
    """

    def __init__(self) -> None:
        self.timed = False
        self._heads: dict[str, Head] = {}
        # Entries whose prev has not been met: it stands further on, or it was changed or removed.
        self._strayed: dict[bytes, list[Fault]] = {}
        self._uncovered = Uncovered()
        self._seen: int | None = None

    @property
    def streams(self) -> int:
        """Return how many streams have been met."""
        return len(self._heads)

    def entry(self, line: int, exported: ExportedEntry) -> Iterator[Fault]:
        """Check one entry against its leaf and against what came before it."""
        index, leaf, disclosed = exported.index, exported.leaf, exported.disclosed
        for fault in self._strayed.pop(leaf, ()):
            yield Fault("prev-later", fault.line, fault.index, fault.stream, other=index)
        if disclosed.leaf != leaf:
            yield Fault("leaf-wrong", line, index, expected=leaf.hex(), found=disclosed.leaf.hex())
        try:
            entry = parse_entry(disclosed.data)
        except ValueError as error:
            yield Fault("entry-wrong", line, index, found=str(error))
            return
        commit = disclosed.body_commit
        if commit not in (None, entry.body):
            found = commit.hex() if commit else ""
            yield Fault("body-wrong", line, index, entry.stream, expected=entry.body.hex(), found=found)
        yield from self._in_stream(line, index, leaf, entry)
        if self._seen is not None and is_behind(entry.at, self._seen):
            expected, found = moment(self._seen), format_time(entry.at)
            yield Fault("time-behind", line, index, entry.stream, expected=expected, found=found)
        if self.timed:
            self._uncovered.add(line, index, entry.stream, entry.at)

    def covered(self, seen: int) -> Iterator[Fault]:
        """Take note that witnesses saw everything so far by this time, in seconds since 1970."""
        for line, index, stream, at in self._uncovered.take():
            if is_ahead(at, seen):
                yield Fault("time-ahead", line, index, stream, expected=moment(seen), found=format_time(at))
        self._seen = seen

    def end(self) -> Iterator[Fault]:
        """Report the entries whose prev never came."""
        for faults in self._strayed.values():
            yield from faults

    def _in_stream(self, line: int, index: int, leaf: bytes, entry: Entry) -> Iterator[Fault]:
        head = self._heads.get(entry.stream)
        last = head.leaf if head else b""
        if entry.prev != last:
            fault = Fault(
                "prev-wrong",
                line,
                index,
                entry.stream,
                other=head.place if head else None,
                expected=last.hex() or "-",
                found=entry.prev.hex() or "-",
            )
            if entry.prev:
                self._strayed.setdefault(entry.prev, []).append(fault)
            else:
                yield fault
        if head and entry.at < head.at:
            before, found = format_time(head.at), format_time(entry.at)
            yield Fault("time-backwards", line, index, entry.stream, head.place, expected=before, found=found)
        self._heads[entry.stream] = Head(leaf, index, entry.at)


def moment(seconds: int) -> str:
    """Return a witness's time as entries write theirs; one beyond the calendar as a plain number."""
    try:
        return format_time(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return str(seconds)
