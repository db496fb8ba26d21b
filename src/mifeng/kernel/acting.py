"""The one door for writes (办理).

Every act of law passes here, in one order, always::

    with acting("confirm_site", by=officer) as act:      # 1  begin, durable
        request = act.lock(SiteRequest, request_id)      # 2  business locks, upper contexts before lower, ids ascending
        check_reply(request, act.at)                     # 3  the first read of act.at fixes the legal time · 4 rules
        act.move(request, session.REQUEST, "confirm")    # 5  rows; the only code that sets a state
    return act.entry                                     # 6  one ledger entry · 7 reactions deferred · 8 commit

Locks are PostgreSQL advisory transaction locks, which queue fairly: many may share a matter, one may take it alone.
Because the time is read after the lock, acts on one matter stand in the order of their times, and "in time" is
decided in here. An act called inside an act joins it: still one time and one entry, written last by the outermost.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, models, transaction

from mifeng.kernel import clock, deadlines, idempotency
from mifeng.kernel.actors import Actor
from mifeng.kernel.ledger.append import Draft, Written, append, timestamp
from mifeng.rules.errors import Reason, WrongState
from mifeng.rules.lifecycle import Lifecycle, check_step
from mifeng.rules.reasons import CONSTRAINT_REASONS

if TYPE_CHECKING:
    from mifeng.rules.deadlines import DueStep

M = TypeVar("M", bound=models.Model)
Key = UUID | str | int

_outermost: ContextVar["Act | None"] = ContextVar("outermost", default=None)
_LAYERS = ("kernel", "parties", "venues", "tenders", "emall", "bidding", "experts", "sittings", "evaluation", "awards",
           "disputes", "oversight")  # fmt: skip


def subject_of(row: models.Model) -> str:
    """Return the ledger's name of a row: ``app.model:id``."""
    return f"{row._meta.label_lower}:{row.pk}"


class Act:
    """One act in progress (办理中的一步): its actor, its time, its locks, what it wrote."""

    def __init__(self, step: str, by: Actor) -> None:
        self.step = step
        self.by = by
        self._at: datetime | None = None
        self._locked: dict[tuple[type[models.Model], str], models.Model] = {}
        self._shared: set[tuple[type[models.Model], str]] = set()
        self._last_rank: tuple[int, int, str] = (-1, -1, "")
        self._moves: list[dict[str, object]] = []
        self._stream = ""
        self._refs: list[str] = []
        self._last: list[Callable[[Written], object]] = []
        self._entry: Written | None = None

    @property
    def at(self) -> datetime:
        """Return the legal time of the act (办理时间), fixed by the first read."""
        if self._at is None:
            self._at = clock.now()
        return self._at

    @property
    def entry(self) -> Written:
        """Return the ledger entry of the act; available after the outermost act has been left."""
        if self._entry is None:
            raise RuntimeError("the entry is written when the act is left")
        return self._entry

    # locks ---------------------------------------------------------------------------------------------------------

    def share(self, model: type[M], pk: Key) -> M:
        """Lock a matter together with others who share it; it may be read and leaned on, not changed."""
        self._advisory(model, [str(pk)], "pg_advisory_xact_lock_shared")
        self._shared.add((model, str(pk)))
        return model._default_manager.get(pk=pk)

    def lock(self, model: type[M], pk: Key) -> M:
        """Lock a matter alone and return its row; a row locked before in this act comes back as the same object."""
        return self.lock_all(model, [pk])[0]

    def lock_all(self, model: type[M], pks: Iterable[Key]) -> list[M]:
        """Lock several matters of one kind alone, ids ascending, and return their rows in that order.

        Raises:
            ObjectDoesNotExist: when one of them is not there.
        """
        wanted = sorted({str(pk) for pk in pks})
        fresh = [pk for pk in wanted if (model, pk) not in self._locked]
        if fresh:
            self._advisory(model, fresh, "pg_advisory_xact_lock")
            rows = model._default_manager.select_for_update(no_key=True).filter(pk__in=fresh).order_by("pk")
            for row in rows:
                self._locked[model, str(row.pk)] = row
        missing = [pk for pk in wanted if (model, pk) not in self._locked]
        if missing:
            raise ObjectDoesNotExist(f"{model._meta.label_lower}: {', '.join(missing)}")
        return [cast("M", self._locked[model, pk]) for pk in wanted]

    def _advisory(self, model: type[models.Model], pks: Sequence[str], function: str) -> None:
        """Take advisory locks in one statement, in the order given; refuse an order that could deadlock."""
        if self._at is not None:
            raise RuntimeError(f"{self.step}: a lock after the time was read would let time run backwards")
        if any((model, pk) in self._shared for pk in pks):
            # Two acts that share a matter and then both want it alone would wait for each other for ever.
            raise RuntimeError(f"{self.step}: {model._meta.label_lower} is shared and cannot be taken alone afterwards")
        if (*_rank(model), pks[0]) < self._last_rank:
            raise RuntimeError(f"{self.step}: {model._meta.label_lower} must be locked before {self._last_rank}")
        self._last_rank = (*_rank(model), pks[-1])
        keys = [advisory_key(f"{model._meta.label_lower}:{pk}") for pk in pks]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {function}(key)"  # noqa: S608 - the function is one of two constants of this class
                " FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted(key, n) ORDER BY n",
                [keys],
            )

    # rows ----------------------------------------------------------------------------------------------------------

    def create(self, model: type[M], lifecycle: Lifecycle, name: str, /, **fields: Any) -> M:
        """Create a matter by the creating step of its table and return it."""
        return self.create_all(model, lifecycle, name, [fields])[0]

    def create_all(self, model: type[M], lifecycle: Lifecycle, name: str, many: Sequence[dict[str, Any]]) -> list[M]:
        """Create several matters of one kind in one statement; what they are made of is what the entry says of them."""
        row = check_step(lifecycle, name, state=None, role=self.by.role)
        made = model._default_manager.bulk_create([model(state=row.target, **fields) for fields in many])
        for matter, fields in zip(made, many, strict=True):
            self._record(matter, name, "", row.target, fields)
        return made

    def move(self, matter: models.Model, lifecycle: Lifecycle, name: str, /, **facts: object) -> None:
        """Take one step of a matter that this act holds alone; save its changed fields; remember the facts.

        Raises:
            NotEntitled: ``wrong-post``.
            WrongState: ``wrong-state``.
        """
        self._require_lock(matter)
        before = str(matter.state)  # type: ignore[attr-defined]
        row = check_step(lifecycle, name, state=before, role=self.by.role)
        matter.state = row.target  # type: ignore[attr-defined]
        matter.save(force_update=True)
        self._record(matter, name, before, row.target, facts)

    def note(self, matter: models.Model, name: str, /, **facts: object) -> None:
        """Record something about a matter without a step of its table; save its changed fields."""
        self._require_lock(matter)
        matter.save(force_update=True)
        self._record(matter, name, "", "", facts)

    def add(self, row: M, name: str, /, **facts: object) -> M:
        """Insert a row that has no states of its own (a note, a version) and remember the facts."""
        row.save(force_insert=True)
        self._record(row, name, "", "", facts)
        return row

    def once_written(self, write: Callable[[Written], object]) -> None:
        """Let rows that point to their own entry be written with it, as the last thing before the commit."""
        self._last.append(write)

    def refer(self, *subjects: str) -> None:
        """Name further subjects that the entry speaks of."""
        self._refs.extend(subject for subject in subjects if subject not in self._refs)

    def due(self, matter: models.Model, rows: Iterable["DueStep"]) -> None:
        """Replace the open deadlines of a matter by these."""
        deadlines.replace(subject_of(matter), rows)

    def meet(self, matter: models.Model, step: str) -> None:
        """Mark a due deadline of the matter met by this act.

        Raises:
            WrongMoment: ``too-early``, when it is not due at the act's time or is no longer open.
        """
        deadlines.meet(subject_of(matter), step, self.at)

    def _require_lock(self, matter: models.Model) -> None:
        if (type(matter), str(matter.pk)) not in self._locked:
            raise RuntimeError(f"{self.step}: {subject_of(matter)} is not locked by this act")

    def _record(self, matter: models.Model, name: str, before: str, after: str, facts: dict[str, object]) -> None:
        subject = subject_of(matter)
        # What this act made nobody else can see yet: it counts as taken alone.
        self._locked.setdefault((type(matter), str(matter.pk)), matter)
        if not self._stream:
            self._stream = subject
        elif subject != self._stream:
            self.refer(subject)
        line: dict[str, object] = {"step": name, "subject": subject}
        if after:
            line |= {"from": before, "to": after}
        if facts:
            line["facts"] = {key: _plain(value) for key, value in facts.items()}
        self._moves.append(line)

    # end -----------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        if not self._moves:
            raise RuntimeError(f"{self.step}: an act that changes nothing is not an act")
        body = {"step": self.step, "role": self.by.role, "moves": self._moves}
        self._entry = append(Draft(self.step, self._stream, self.by.handle, self.at, body, self._refs))
        idempotency.remember(self.by, self._entry.id)
        for write in self._last:
            write(self._entry)
        for task in _reactions().get(self.step, ()):
            task.defer(entry_id=self._entry.id)


@contextmanager
def acting(step: str, *, by: Actor) -> Iterator[Act]:
    """Open the door for one act (办理); see the module for the order that always holds.

    Raises:
        Repeated: when the actor's idempotency key was used before for the same request; carries the earlier entry.
        Unfair: ``idempotency-mismatch``, when the key was used for another request.
        WrongState: the reason that belongs to a database constraint which the act ran into.
    """
    outer = _outermost.get()
    if outer is not None:
        yield outer
        return
    act = Act(step, by)
    token = _outermost.set(act)
    try:
        with transaction.atomic(durable=True):
            idempotency.check_repeated(by)
            yield act
            act._finish()
    except IntegrityError as error:
        # Only outside the broken transaction can the answer be given; an unknown constraint is a programming error.
        code = CONSTRAINT_REASONS.get(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "")
        if code is None:
            raise
        raise WrongState(Reason(code)) from error
    finally:
        _outermost.reset(token)


def advisory_key(name: str) -> int:
    """Return the 64-bit lock key of a name, signed as PostgreSQL wants it."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _plain(value: object) -> object:
    """Return a fact as the ledger keeps it: instants, dates, money and ids as text, a row by its id."""
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


@cache
def _rank(model: type[models.Model]) -> tuple[int, int]:
    """Return where a model stands in the lock order: upper contexts first, then the order of its models file."""
    label = model._meta.app_label
    siblings = list(apps.get_app_config(label).get_models())
    return len(_LAYERS) - _LAYERS.index(label), siblings.index(model)


@cache
def _reactions() -> dict[str, tuple[Any, ...]]:
    """Return the table step → tasks, named by the setting ``REACTIONS``: the kernel may not import upward."""
    module, _, name = settings.REACTIONS.rpartition(".")
    return cast("dict[str, tuple[Any, ...]]", getattr(import_module(module), name))
