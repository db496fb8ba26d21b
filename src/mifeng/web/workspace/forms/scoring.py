"""The form of a scoring template (评分办法表单): a line for each factor, then price and rounding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.scoring import Deduction, Item, Template, decimal_text
from mifeng.web.shell.scoring import BASES, KINDS, PARTS, ROUNDINGS, TIES, deduction_title
from mifeng.web.workspace.forms.base import RoomForm

FIRST_ROWS, MORE_ROWS, MAX_ROWS, MAX_NAME, MAX_ID = 6, 3, 30, 60, 32
PLACES = tuple((number, str(number)) for number in range(7))
PER_CENT = Decimal(100)
MARKS = {"technical": "t", "business": "b"}
UNUSED = ("", gettext_lazy("不用这行"))


class NumberField(forms.CharField):
    """A number that is not negative (数值), of up to nine digits before and some behind the point."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=12, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: object) -> Decimal | None:  # type: ignore[override]
        """Return the number, None for an empty field."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            if text.isascii() and text.replace(".", "", 1).isdigit():
                return Decimal(decimal_text(Decimal(text)))
        except ValueError:
            pass
        raise ValidationError(_("请填数字，例如2.5"))

    def run_validators(self, value: object) -> None:
        """A number has no length."""

    def validate(self, value: object) -> None:
        """Ask for a number where one is needed."""
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One factor on the form (评审因素行)."""

    number: int
    part: BoundField
    name: BoundField
    kind: BoundField
    most: BoundField
    step: BoundField

    @property
    def cells(self) -> list[tuple[str, BoundField]]:
        """Return the fields of the line, each with the head of its column."""
        heads = (_("部分"), _("因素"), _("打分"), _("满分"), _("分档"))
        return list(zip(heads, (self.part, self.name, self.kind, self.most, self.step), strict=True))


class ScoringForm(RoomForm):
    """Set the scoring template of a package (设定评分办法). Lines without a part are left out.

    Lowest scores and weights that were set otherwise are carried on unseen.
    """

    field_of = MappingProxyType(
        {
            "price-weight": "price_points",
            "price-item": "fixed_price",
            "extreme-wide": "extreme",
        }
    )
    items = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MAX_ROWS)
    price_points = NumberField(label=gettext_lazy("价格分满分"), required=False)
    fixed_price = forms.BooleanField(
        label=gettext_lazy("执行国家统一定价或固定价格"),
        required=False,
        help_text=gettext_lazy("勾选后价格不列为评审因素，上面的价格分留空。"),
    )
    base = forms.ChoiceField(label=gettext_lazy("几项扣除同时享受时"), choices=tuple(BASES.items()))
    price_places = forms.TypedChoiceField(label=gettext_lazy("价格分小数位"), choices=PLACES, coerce=int)
    mean_places = forms.TypedChoiceField(label=gettext_lazy("平均分小数位"), choices=PLACES, coerce=int)
    rounding = forms.ChoiceField(label=gettext_lazy("修约方法"), choices=tuple(ROUNDINGS.items()))
    extreme = NumberField(
        label=gettext_lazy("须写理由的两端区间（%）"),
        help_text=gettext_lazy("主观分落在分值范围两端这一比例以内的，专家要写理由；填0，只有满分和最低分要写。"),
    )
    ties = forms.ChoiceField(label=gettext_lazy("总分与评审价都相同时"), choices=tuple(TIES.items()))
    candidates = forms.IntegerField(label=gettext_lazy("推荐中标候选人（名）"), min_value=1, max_value=9)

    def __init__(self, *args: Any, standing: Template, kinds: Sequence[str], rows: int, **kwargs: Any) -> None:
        kwargs["initial"] = {**proposed(standing), **kwargs.get("initial", {}), "items": rows}
        super().__init__(*args, **kwargs)
        self.standing, self.kinds, self.rows = standing, kinds, rows
        for number in range(1, rows + 1):
            self.fields |= _line(number)
        for kind in self.kinds:
            label = _("%(kind)s扣除（%%）") % {"kind": deduction_title(kind)}
            self.fields[f"deduct_{kind}"] = NumberField(label=label, required=False)
        self.name_missing()

    def clean(self) -> dict[str, Any]:
        """Ask for every part of a line that is used."""
        found = self.cleaned_data
        used = [number for number in range(1, self.rows + 1) if found.get(f"item_{number}_part")]
        for number in used:
            for name in ("name", "max", "step"):
                field = f"item_{number}_{name}"
                if field in found and found[field] in ("", None):
                    self.add_error(field, _("没有填写"))
        if not used:
            self.add_error("item_1_part", _("至少要有一项由专家打分的因素"))
        for name in ("extreme", *(f"deduct_{kind}" for kind in self.kinds)):
            if found.get(name) is not None and found[name] >= PER_CENT:
                self.add_error(name, _("请填小于100的百分数"))
        if not found.get("fixed_price") and "price_points" in found and found["price_points"] is None:
            self.add_error("price_points", _("没有填写"))
        return found

    @property
    def item_rows(self) -> Iterator[ItemRow]:
        """Yield the factors as the page shows them."""
        for number in range(1, self.rows + 1):
            names = ("part", "name", "kind", "max", "step")
            yield ItemRow(number, *(self[f"item_{number}_{name}"] for name in names))

    @property
    def carried(self) -> list[BoundField]:
        """Return what goes along with the lines unseen."""
        return [self[f"item_{number}_{name}"] for number in range(1, self.rows + 1) for name in ("min", "weight")]

    @property
    def deduction_fields(self) -> list[BoundField]:
        """Return one field for each deduction that the rulebook knows."""
        return [self[f"deduct_{kind}"] for kind in self.kinds]

    def template(self) -> Template:
        """Return the template that was typed."""
        found = self.cleaned_data
        price = [] if found["price_points"] is None else [_price(found["price_points"])]
        rates = [(kind, found[f"deduct_{kind}"]) for kind in self.kinds]
        return replace(
            self.standing,
            fixed_price=found["fixed_price"],
            items=(*self._items(), *price),
            rounding=found["rounding"],
            price_places=found["price_places"],
            mean_places=found["mean_places"],
            extreme=found["extreme"] / PER_CENT,
            deductions=tuple(Deduction(kind, kind, rate / PER_CENT, found["base"]) for kind, rate in rates if rate),
            ties=found["ties"],
            candidates=found["candidates"],
        )

    def _items(self) -> Iterator[Item]:
        found, counts = self.cleaned_data, dict.fromkeys(MARKS, 0)
        for number in range(1, self.rows + 1):
            part, name, kind = (found[f"item_{number}_{word}"] for word in ("part", "name", "kind"))
            if part:
                counts[part] += 1
                numbers = [found[f"item_{number}_{word}"] for word in ("min", "max", "step", "weight")]
                yield Item(f"{MARKS[part]}{counts[part]}", name, part, kind, *numbers)


def proposed(template: Template) -> Mapping[str, Any]:
    """Return a template as the form shows it."""
    initial: dict[str, Any] = {
        "fixed_price": template.fixed_price,
        "price_points": decimal_text(template.price_points) if template.part("price") else "",
        "base": template.deductions[0].on if template.deductions else "running",
        "price_places": template.price_places,
        "mean_places": template.mean_places,
        "rounding": template.rounding,
        "extreme": decimal_text(template.extreme * PER_CENT),
        "ties": template.ties,
        "candidates": template.candidates,
    }
    initial |= {f"deduct_{one.kind}": decimal_text(one.rate * PER_CENT) for one in template.deductions if one.rate}
    for number, item in enumerate(template.scored, 1):
        shown = {"part": item.part, "name": item.name, "kind": item.kind}
        shown |= {"min": decimal_text(item.min), "max": decimal_text(item.max)}
        shown |= {"step": decimal_text(item.step), "weight": decimal_text(item.weight)}
        initial |= {f"item_{number}_{name}": value for name, value in shown.items()}
    return initial


def _price(points: Decimal) -> Item:
    return Item("p1", "价格", "price", "price", Decimal(), points, Decimal())


def _line(number: int) -> dict[str, forms.Field]:
    words = {"number": number}
    choices: Mapping[str, Sequence[tuple[str, Any]]] = {
        "part": (UNUSED, *((word, PARTS[word]) for word in MARKS)),
        "kind": tuple((word, KINDS[word]) for word in ("objective", "subjective")),
    }
    made: dict[str, forms.Field] = {
        "part": forms.ChoiceField(label=_("第%(number)d行，部分") % words, choices=choices["part"], required=False),
        "name": forms.CharField(label=_("第%(number)d行，评审因素") % words, max_length=MAX_NAME, required=False),
        "kind": forms.ChoiceField(label=_("第%(number)d行，怎么打分") % words, choices=choices["kind"]),
        "max": NumberField(label=_("第%(number)d行，满分") % words, required=False),
        "step": NumberField(label=_("第%(number)d行，分档") % words, required=False),
    }
    for name, usual in (("min", "0"), ("weight", "1")):
        made[name] = NumberField(initial=usual)
        made[name].widget = forms.HiddenInput()
    return {f"item_{number}_{name}": field for name, field in made.items()}
