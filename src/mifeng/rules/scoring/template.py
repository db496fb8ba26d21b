"""The scoring template (评分办法, 综合评分法): what is scored, by whom, out of how many points, and how it is rounded.

It is part of the tender documents, fixed with the notice and named by its hash in every sheet, since a criterion that
the documents lack may not be used. Points of an item are its score times its weight; the points of all items together
are 100. Items are *objective* (客观分, everybody must come to the same score), *subjective* (主观分), or the *price*,
which no expert scores: it follows from the quotes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

from mifeng.rules.encoding import canonical, digest, parse_canonical
from mifeng.rules.scoring.number import MAX_PLACES, MODES, Rounding, decimal_text, parse_decimal
from mifeng.rules.seal.shapes import list_of, number_of, object_of, text_of

FORMAT = "mifeng-template/1"
Part = Literal["technical", "business", "price"]
Kind = Literal["objective", "subjective", "price"]
Base = Literal["quote", "running"]
Ties = Literal["draw", "technical"]

_KEYS = frozenset(
    {"format", "version", "procedure", "category", "fixed_price", "items", "rounding", "price_places", "mean_places"}
    | {"extreme", "deductions", "low_price", "ties", "candidates"}
)
_ITEM = frozenset({"id", "name", "part", "kind", "min", "max", "step", "weight"})
_WORDS: Mapping[str, tuple[str, ...]] = {
    "category": ("goods", "services"),
    "procedure": ("open-tender", "invited-tender", "consultation"),
    "part": ("technical", "business", "price"),
    "kind": ("objective", "subjective", "price"),
    "rounding": MODES,
    "on": ("quote", "running"),
    "ties": ("draw", "technical"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One factor of the evaluation (评审因素).

    Args:
        id: short name, ASCII, such as ``t1``.
        name: as the documents have it.
        part: technical (暗标), business, or price.
        kind: objective, subjective, or price.
        min: lowest score.
        max: highest score.
        step: scores are ``min`` and whole steps more; 0 for the price.
        weight: points per unit of score.
    """

    id: str
    name: str
    part: Part
    kind: Kind
    min: Decimal
    max: Decimal
    step: Decimal
    weight: Decimal = Decimal(1)

    @property
    def points(self) -> Decimal:
        """Return the most points the item can give."""
        return self.max * self.weight


@dataclass(frozen=True, slots=True)
class Deduction:
    """One step from the quote to the evaluated price (价格扣除).

    Args:
        id: short name, ASCII, under which a bid is granted it.
        kind: which policy it follows, such as ``small-firm`` or ``domestic``.
        rate: share that is taken off.
        on: off the ``quote`` itself, or off what the steps before it left (``running``).
    """

    id: str
    kind: str
    rate: Decimal
    on: Base


@dataclass(frozen=True, slots=True)
class LowPrice:
    """Below which a quote starts a review (异常低价): strictly below these shares; 0 for no such test.

    Args:
        mean: of the mean of all quotes that passed.
        second: of the second lowest of them.
        ceiling: of the ceiling price, or of the budget where there is none.
    """

    mean: Decimal
    second: Decimal
    ceiling: Decimal


@dataclass(frozen=True, slots=True)
class Template:
    """A scoring template (评分办法).

    Args:
        version: 1 for the first; a clarification that changes it makes the next.
        procedure: open-tender, invited-tender or consultation.
        category: goods or services.
        fixed_price: the price is fixed or set by the state, and therefore no factor.
        items: in the order of the documents.
        rounding: how what lies exactly between is rounded.
        price_places: decimals of the points for the price.
        mean_places: decimals of the mean of the experts.
        extreme: share of an item's range at either end within which a subjective score needs a reason; 0 for the ends.
        deductions: in the order in which they are taken.
        low_price: when a review starts.
        ties: how the first of equals is chosen: by ``draw``, or by the ``technical`` mean and then by draw.
        candidates: how many are recommended.
    """

    version: int
    procedure: str
    category: str
    fixed_price: bool
    items: tuple[Item, ...]
    rounding: Rounding
    price_places: int
    mean_places: int
    extreme: Decimal
    deductions: tuple[Deduction, ...]
    low_price: LowPrice
    ties: Ties
    candidates: int

    def part(self, part: str) -> tuple[Item, ...]:
        """Return the items of a part in order."""
        return tuple(item for item in self.items if item.part == part)

    @property
    def scored(self) -> tuple[Item, ...]:
        """Return the items that experts score."""
        return tuple(item for item in self.items if item.kind != "price")

    @property
    def price_points(self) -> Decimal:
        """Return the most points for the price."""
        return sum((item.points for item in self.part("price")), Decimal())


def format_template(template: Template) -> bytes:
    """Return the canonical bytes of a template.

    Raises:
        ValueError: when a number has no form in which it is written.
    """
    numbers = ("min", "max", "step", "weight")
    return canonical(
        {
            "format": FORMAT,
            "version": template.version,
            "procedure": template.procedure,
            "category": template.category,
            "fixed_price": template.fixed_price,
            "items": [
                {"id": one.id, "name": one.name, "part": one.part, "kind": one.kind}
                | {name: decimal_text(getattr(one, name)) for name in numbers}
                for one in template.items
            ],
            "rounding": template.rounding,
            "price_places": template.price_places,
            "mean_places": template.mean_places,
            "extreme": decimal_text(template.extreme),
            "deductions": [
                {"id": one.id, "kind": one.kind, "rate": decimal_text(one.rate), "on": one.on}
                for one in template.deductions
            ],
            "low_price": {
                name: decimal_text(getattr(template.low_price, name)) for name in ("mean", "second", "ceiling")
            },
            "ties": template.ties,
            "candidates": template.candidates,
        }
    )


def parse_template(data: bytes) -> Template:
    """Return the template of canonical bytes; whether it is lawful says ``check_template``.

    Raises:
        ValueError: when the bytes are not canonical or misshapen.
    """
    fields = object_of(parse_canonical(data), _KEYS, "a template")
    if fields["format"] != FORMAT:
        raise ValueError(f"not in the format {FORMAT}")
    low = object_of(fields["low_price"], {"mean", "second", "ceiling"}, "low_price")
    fixed = fields["fixed_price"]
    if not isinstance(fixed, bool):
        raise ValueError("fixed_price is true or false")
    return Template(
        version=number_of(fields["version"], "version"),
        procedure=_word(fields, "procedure"),
        category=_word(fields, "category"),
        fixed_price=fixed,
        items=tuple(_item(one) for one in list_of(fields["items"], "items")),
        rounding=cast("Rounding", _word(fields, "rounding")),
        price_places=_places(fields, "price_places"),
        mean_places=_places(fields, "mean_places"),
        extreme=_share(fields, "extreme"),
        deductions=tuple(_deduction(one) for one in list_of(fields["deductions"], "deductions")),
        low_price=LowPrice(*(_share(low, name) for name in ("mean", "second", "ceiling"))),
        ties=cast("Ties", _word(fields, "ties")),
        candidates=number_of(fields["candidates"], "candidates"),
    )


def template_hash(data: bytes) -> bytes:
    """Return what a sheet names as its template: H("SC1 template"; canonical template), 32 bytes."""
    return digest("SC1 template", data)


def _item(value: object) -> Item:
    fields = object_of(value, _ITEM, "an item")
    numbers = [parse_decimal(fields[name], name) for name in ("min", "max", "step", "weight")]
    part, kind = cast("Part", _word(fields, "part")), cast("Kind", _word(fields, "kind"))
    return Item(_id(fields), text_of(fields["name"], "name"), part, kind, *numbers)


def _deduction(value: object) -> Deduction:
    fields = object_of(value, {"id", "kind", "rate", "on"}, "a deduction")
    kind, on = text_of(fields["kind"], "kind"), cast("Base", _word(fields, "on"))
    return Deduction(_id(fields), kind, _share(fields, "rate"), on)


def _id(fields: Mapping[str, object]) -> str:
    text = text_of(fields["id"], "id")
    if not text.isascii() or not text.replace("-", "").isalnum() or len(text) > 32:
        raise ValueError("an id has up to 32 letters, digits and hyphens")
    return text


def _word(fields: Mapping[str, object], name: str) -> str:
    word = fields[name]
    if word not in _WORDS[name]:
        raise ValueError(f"{name} is one of {', '.join(_WORDS[name])}")
    return word


def _places(fields: Mapping[str, object], name: str) -> int:
    places = fields[name]
    if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= MAX_PLACES:
        raise ValueError(f"{name} is a number from 0 to {MAX_PLACES}")
    return places


def _share(fields: Mapping[str, object], name: str) -> Decimal:
    share = parse_decimal(fields[name], name)
    if share >= 1:
        raise ValueError(f"{name} is a share below 1")
    return share
