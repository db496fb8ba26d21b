"""The walk of a draw as its rows tell it (邀请进程): replayed from its lines, so that a forged row stops it."""

from mifeng.experts.models import Draw, WalkLine
from mifeng.experts.pools import Frozen
from mifeng.kernel.acting import Act
from mifeng.rules.draw.lots import order
from mifeng.rules.draw.walk import Event, Line, Outcome, Walk, replay
from mifeng.rules.errors import Refusal, Tampered


class Walking:
    """A draw whose invitations are under way, inside one act or one look (邀请进程).

    Args:
        draw: with its seed.
        frozen: its pool.

    Raises:
        Tampered: when the lines kept are not a lawful walk along the order of the seed.
    """

    def __init__(self, draw: Draw, frozen: Frozen) -> None:
        self.draw, self.frozen = draw, frozen
        [cell] = frozen.cells
        line = Line(cell.name, cell.seats, order(cell.rows, bytes.fromhex(draw.seed)))
        try:
            self.walk: Walk = replay([line], events(draw), handle=frozen.handle)
        except Refusal as refusal:
            raise Tampered(f"the walk of {draw.pk} is not the one that was written: {refusal}") from refusal

    @property
    def due(self) -> tuple[Event, ...]:
        """Return what would be recorded next if nobody were seated elsewhere."""
        return self.walk.due()

    def record(self, act: Act, leaf: bytes, outcome: Outcome, detail: str = "") -> dict[str, object]:
        """Write the next line of the walk and return it as the ledger names it.

        Raises:
            Unfair: ``walk-order``, ``reason-required``.
            WrongState: ``wrong-state``.
        """
        event = Event(self.frozen.cell, leaf, outcome, detail)
        self.walk = self.walk.take(event, handle=self.frozen.handle)
        number = WalkLine.objects.filter(draw=self.draw).count() + 1
        line: dict[str, object] = {"number": number, "leaf": leaf.hex(), "outcome": outcome.value, "detail": detail}
        WalkLine.objects.create(draw=self.draw, at=act.at, **line)
        return line


def events(draw: Draw) -> list[Event]:
    """Return the lines of a walk in their order."""
    rows = WalkLine.objects.filter(draw=draw).order_by("number")
    return [Event(draw.cell, bytes.fromhex(row.leaf), Outcome(row.outcome), row.detail) for row in rows]
