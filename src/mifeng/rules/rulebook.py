"""Dated numbers of the law (规则版本).

A *rulebook* is a frozen set of constants that were in force together: how many days a tender must stay open, how many
members a committee needs. A project is bound to one rulebook by the date of its own first event and keeps it to the
end; when the law changes, a new rulebook is added and the old one is closed. No rule compares today with the date of a
statute.

Every constant names its clause and says whether the number was checked against the text of that clause (``confirmed``).
A number that was not is used all the same, and shown as 待核 wherever it is cited. ``standing`` keeps three kinds
apart: ``law`` binds by itself, ``policy`` is a figure of a notice that the platform follows although the notice binds
elsewhere or has run out, ``choice`` is a figure that no text states and an ADR explains.

The text of a rulebook is TOML. This module parses it; whoever calls brings the text.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import cast

STANDINGS = ("law", "policy", "choice")
UNITS = (
    "days",
    "working-days",
    "hours",
    "minutes",
    "years",
    "yuan",
    "seats",
    "members",
    "sites",
    "suppliers",
    "staff",
    "ratio",
    "words",
)
NATION = "CN"

_BOOK_KEYS = {"name", "title", "jurisdiction", "regime", "effective_from", "effective_to", "constants"}
_BOOK_OPTIONAL = {"effective_to"}
_CONSTANT_KEYS = {
    "value",
    "unit",
    "meaning",
    "source",
    "article",
    "standing",
    "effective_from",
    "effective_to",
    "confirmed",
}
_CONSTANT_OPTIONAL = {"effective_to", "standing"}


@dataclass(frozen=True, slots=True)
class Constant:
    """Hold one number of the law (法定常数) with its clause.

    Args:
        name: English name, ending in its unit where it is a period.
        value: whole number, or text: a ratio such as ``2/3`` or ``0.25``, or a list of words.
        unit: one of ``UNITS``; ``days`` are calendar days.
        source: clause id such as ``GPL-35``, or ``our choice (ADR-n)``.
        article: the clause as a Chinese reader cites it.
        effective_from: first day on which the clause is in force.
        effective_to: last day, None while it stands.
        confirmed: the number was checked against the text of the clause.
        meaning: the rule in one sentence of our own.
        standing: ``law``, ``policy`` or ``choice``.
    """

    name: str
    value: int | Decimal | str
    unit: str
    source: str
    article: str
    effective_from: date
    effective_to: date | None
    confirmed: bool
    meaning: str = ""
    standing: str = "law"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Hold the constants in force together for one jurisdiction and regime (规则包).

    Args:
        name: name under which a project is bound to it, for ever.
        title: Chinese title.
        jurisdiction: ``CN`` or a GB/T 2260 code.
        regime: ``procurement`` (政府采购) or ``tendering`` (招标投标); the two never mix.
        effective_from: first day on which projects may be bound to it.
        effective_to: last such day, None while it stands.
        constants: by name.
    """

    name: str
    title: str
    jurisdiction: str
    regime: str
    effective_from: date
    effective_to: date | None
    constants: Mapping[str, Constant]

    def __getitem__(self, name: str) -> Constant:
        return self.constants[name]

    def int(self, name: str) -> int:
        """Return a whole number.

        Raises:
            KeyError: the rulebook lacks the constant.
            TypeError: the constant is not a whole number.
        """
        value = self.constants[name].value
        if not isinstance(value, int):
            raise TypeError(f"{self.name}: {name} is not a whole number")
        return value

    def share(self, name: str) -> Fraction:
        """Return a ratio exactly, for comparisons: two thirds has no decimal form."""
        return Fraction(str(self.constants[name].value))

    def ratio(self, name: str) -> Decimal:
        """Return a ratio as a decimal number between 0 and 1, for display and statistics."""
        exact = self.share(name)
        return Decimal(exact.numerator) / Decimal(exact.denominator)

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of words.

        Raises:
            KeyError: the rulebook lacks the constant.
        """
        return tuple(str(self.constants[name].value).split())

    def unconfirmed(self) -> tuple[Constant, ...]:
        """Return the constants whose number nobody has yet checked against the text (待核); our own choices are not
        law.
        """
        return tuple(one for one in self.constants.values() if not one.confirmed and one.standing != "choice")

    def in_force(self, on: date) -> bool:
        """Tell whether a project whose first event falls on this day is bound to this rulebook."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


def parse_rulebook(text: str) -> Rulebook:
    """Return the rulebook written in TOML (规则包文本).

    Raises:
        ValueError: broken TOML, a missing or unknown key, a value of another type than its unit asks for, a date out of
            order, or a constant that is not in force during the whole life of the rulebook.
    """
    table = cast("dict[str, object]", tomllib.loads(text))
    _require_keys(table, _BOOK_KEYS, _BOOK_OPTIONAL, "rulebook")
    begins, ends = _period(table, "rulebook")
    constants = table["constants"]
    if not isinstance(constants, dict) or not constants:
        raise ValueError("rulebook: constants must be a table with entries")
    found = {name: _constant(name, row) for name, row in constants.items()}
    for one in found.values():
        _require_cover(one, begins, ends)
    return Rulebook(
        name=_text(table, "name", "rulebook"),
        title=_text(table, "title", "rulebook"),
        jurisdiction=_text(table, "jurisdiction", "rulebook"),
        regime=_text(table, "regime", "rulebook"),
        effective_from=begins,
        effective_to=ends,
        constants=MappingProxyType(found),
    )


def rulebook_for(books: Iterable[Rulebook], jurisdiction: str, regime: str, on: date) -> Rulebook:
    """Return the rulebook that binds a project of this place and regime on this day (适用规则).

    The nearest place wins: county, then city, then province or region, then the nation.

    Args:
        books: all rulebooks known.
        jurisdiction: ``CN`` or a six-digit GB/T 2260 code.
        regime: ``procurement`` or ``tendering``.
        on: Beijing day of the project's first event.

    Raises:
        LookupError: none, or more than one at the nearest place.
    """
    fit = [book for book in books if book.regime == regime and book.in_force(on)]
    for place in _places(jurisdiction):
        here = [book for book in fit if book.jurisdiction == place]
        if len(here) > 1:
            raise LookupError(f"more than one {regime} rulebook for {place} on {on}")
        if here:
            return here[0]
    raise LookupError(f"no {regime} rulebook for {jurisdiction} on {on}")


def _places(jurisdiction: str) -> tuple[str, ...]:
    if jurisdiction == NATION:
        return (NATION,)
    return (jurisdiction, jurisdiction[:4] + "00", jurisdiction[:2] + "0000", NATION)


def _constant(name: str, row: object) -> Constant:
    where = f"constant {name}"
    if not isinstance(row, dict):
        raise ValueError(f"{where}: must be a table")
    table = cast("dict[str, object]", row)
    _require_keys(table, _CONSTANT_KEYS, _CONSTANT_OPTIONAL, where)
    begins, ends = _period(table, where)
    unit, standing, confirmed = table["unit"], table.get("standing", "law"), table["confirmed"]
    if unit not in UNITS:
        raise ValueError(f"{where}: unknown unit {unit!r}")
    if standing not in STANDINGS:
        raise ValueError(f"{where}: unknown standing {standing!r}")
    if not isinstance(confirmed, bool):
        raise ValueError(f"{where}: confirmed must be true or false")
    return Constant(
        name=name,
        value=_value(table["value"], str(unit), where),
        unit=str(unit),
        source=_text(table, "source", where),
        article=_text(table, "article", where),
        effective_from=begins,
        effective_to=ends,
        confirmed=confirmed,
        meaning=_text(table, "meaning", where),
        standing=str(standing),
    )


def _value(value: object, unit: str, where: str) -> int | str:
    if unit in ("ratio", "words"):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{where}: value must be text")
        if unit == "ratio":
            _require_ratio(value, where)
        return value
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{where}: value must be a whole number, not negative")
    return value


def _require_ratio(value: str, where: str) -> None:
    """Refuse text that is no share between 0 and 1 (比例)."""
    try:
        inside = 0 <= Fraction(value) <= 1
    except (ValueError, ZeroDivisionError):
        inside = False
    if not inside:
        raise ValueError(f"{where}: not a ratio: {value!r}")


def _require_keys(table: Mapping[str, object], known: set[str], optional: set[str], where: str) -> None:
    """Refuse a table with a missing or an unknown key (字段)."""
    missing, unknown = known - optional - set(table), set(table) - known
    if missing or unknown:
        raise ValueError(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")


def _require_cover(constant: Constant, begins: date, ends: date | None) -> None:
    """Refuse a constant that is not in force during the whole life of its rulebook (施行期间)."""
    late = constant.effective_from > begins
    early = constant.effective_to is not None and (ends is None or constant.effective_to < ends)
    if late or early:
        raise ValueError(f"constant {constant.name}: not in force during the whole life of the rulebook")


def _period(table: Mapping[str, object], where: str) -> tuple[date, date | None]:
    begins, ends = _day(table["effective_from"], where), None
    if "effective_to" in table:
        ends = _day(table["effective_to"], where)
        if ends < begins:
            raise ValueError(f"{where}: ends before it begins")
    return begins, ends


def _day(value: object, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{where}: not a date: {value!r}")
    return value


def _text(table: Mapping[str, object], key: str, where: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {key} must be text")
    return value
