"""The entry form (进场登记表单)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.parties.models import Organisation
from mifeng.rules.money import parse_yuan, total_yuan
from mifeng.tenders.actions import TenderEntry
from mifeng.tenders.actions.entry import MAX_NAME
from mifeng.tenders.models import Tender
from mifeng.web.shell import texts, words
from mifeng.web.workspace.forms.base import YES_NO, RoomForm, YuanField, is_yes

NOBODY = "none"
FIRST_ROWS, MORE_ROWS, MAX_ROWS = 2, 3, 40


@dataclass(frozen=True, slots=True)
class LotRow:
    """One package on the form (采购包行)."""

    number: int
    name: BoundField
    budget: BoundField
    capital: str


class EntryForm(RoomForm):
    """Declare a project (进场登记). An empty supervising authority passes here: the law refuses it, not the form."""

    field_of = MappingProxyType(
        {
            "supervisor-missing": "supervisor",
            "catalogue-needs-central-agency": "in_catalogue",
            "remote-unsuitable": "traits",
            "budget-missing": "budget_yuan",
            "budget-mismatch": "budget_yuan",
            "host-missing": "purchaser",
        }
    )
    name = forms.CharField(label=gettext_lazy("项目名称"), max_length=MAX_NAME)
    category = forms.ChoiceField(
        label=gettext_lazy("项目类别"), choices=Tender.Category.choices, widget=forms.RadioSelect
    )
    in_catalogue = forms.TypedChoiceField(
        label=gettext_lazy("是否列入集中采购目录"), choices=YES_NO, coerce=is_yes, widget=forms.RadioSelect
    )
    purchaser = forms.ChoiceField(label=gettext_lazy("采购人"))
    supervisor = forms.ChoiceField(
        label=gettext_lazy("监管主体"),
        help_text=gettext_lazy("负责监督本项目的部门，进场时就要写明。"),
    )
    budget_yuan = YuanField(label=gettext_lazy("项目预算（元）"), law_asks=True)
    complex = forms.BooleanField(
        label=gettext_lazy("技术复杂或者社会影响较大"),
        required=False,
        help_text=gettext_lazy("评审委员会人数因此增加。"),
    )
    traits = forms.MultipleChoiceField(
        label=gettext_lazy("有下列情形的，请勾选"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("有其中任何一项，就不适合远程异地评审。"),
    )
    lots = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=MAX_ROWS)

    def __init__(
        self,
        *args: Any,
        purchasers: Sequence[Organisation],
        supervisors: Sequence[Organisation],
        traits: Sequence[str],
        rows: int = FIRST_ROWS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        self.initial["lots"] = rows
        named = texts.FACT_WORDS["traits"]
        self._choose("purchaser", [("", _("请选择")), *((str(one.pk), one.name) for one in purchasers)])
        self._choose("supervisor", [(NOBODY, _("请选择")), *((str(one.pk), one.name) for one in supervisors)])
        self._choose("traits", [(word, str(named.get(word, word))) for word in traits])
        for number in range(1, rows + 1):
            number_words = {"number": number}
            name, budget = _("第%(number)d包名称") % number_words, _("第%(number)d包预算（元）") % number_words
            self.fields[f"lot_{number}_name"] = forms.CharField(label=name, max_length=MAX_NAME, required=False)
            self.fields[f"lot_{number}_budget"] = YuanField(label=budget, required=False)

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Ask for both halves of a package."""
        found = self.cleaned_data
        for number in range(1, self.rows + 1):
            name, budget = f"lot_{number}_name", f"lot_{number}_budget"
            if name in found and budget in found:
                if found[name] and found[budget] is None:
                    self.add_error(budget, _("没有填写"))
                if not found[name] and found[budget] is not None:
                    self.add_error(name, _("没有填写"))
        return found

    @property
    def lot_rows(self) -> Iterator[LotRow]:
        """Yield the packages as the page shows them."""
        for number in range(1, self.rows + 1):
            budget = self[f"lot_{number}_budget"]
            yield LotRow(number, self[f"lot_{number}_name"], budget, _capital(budget))

    @property
    def budget_capital(self) -> str:
        """Return the budget in capitals (大写), empty while it is no amount."""
        return _capital(self["budget_yuan"])

    @property
    def total(self) -> Decimal | None:
        """Return the sum of the packages as typed; None while none is an amount."""
        amounts = [_amount(row.budget) for row in self.lot_rows]
        return total_yuan(amount for amount in amounts if amount is not None) if any(amounts) else None

    def entry(self) -> TenderEntry:
        """Return what was declared. A project that names no package is one package."""
        found = self.cleaned_data
        named = [(found[f"lot_{n}_name"], found[f"lot_{n}_budget"]) for n in range(1, self.rows + 1)]
        lots = tuple((name, budget) for name, budget in named if name)
        if not lots and found["budget_yuan"] is not None:
            lots = ((found["name"], found["budget_yuan"]),)
        supervisor = found["supervisor"]
        return TenderEntry(
            name=found["name"],
            category=found["category"],
            in_catalogue=found["in_catalogue"],
            complex=found["complex"],
            purchaser=UUID(found["purchaser"]),
            supervisor=None if supervisor == NOBODY else UUID(supervisor),
            budget_yuan=found["budget_yuan"],
            lots=lots,
            traits=tuple(found["traits"]),
        )


def _amount(field: BoundField) -> Decimal | None:
    try:
        return parse_yuan(str(field.value() or ""))
    except ValueError:
        return None


def _capital(field: BoundField) -> str:
    amount = _amount(field)
    return words.capital(amount) if amount is not None else ""
