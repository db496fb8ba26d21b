"""Forms about the award (定标表单): for whom the purchaser decides, and why not for the one before."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.awards.actions import MAX_REASON
from mifeng.awards.queries import Candidate
from mifeng.rules.award import GROUNDS
from mifeng.web.shell import texts, words
from mifeng.web.shell.forms import RuledText
from mifeng.web.workspace.forms.base import RoomForm

OF_REASON = MappingProxyType({"reason-required": "reason", "too-large": "reason", "malformed": "reason"})


class PlainForm(RoomForm):
    """An act that needs nothing but its confirmation (只需确认)."""


class ReasonField(RuledText):
    """Words that stay on record (理由)."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("理由"),
            max_length=MAX_REASON,
            widget=forms.Textarea(attrs={"rows": 4}),
            help_text=gettext_lazy("写明事实和依据的材料，记入台账。"),
        )


class ReasonForm(RoomForm):
    """Why nothing can be decided in time (未按时确定的理由)."""

    field_of = OF_REASON
    reason = ReasonField()


class GroundForm(RoomForm):
    """Why a candidate cannot be taken (法定情形), one of those that the law knows, and what happened."""

    field_of = MappingProxyType({**OF_REASON, "award-ground": "ground", "candidates-spent": "ground"})
    ground = forms.ChoiceField(label=gettext_lazy("法定情形"))
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = [("", _("请选择")), *grounds()]  # type: ignore[attr-defined]


class DecideForm(RoomForm):
    """Who wins (确定中标人); ground and reason only where another than the next candidate shall."""

    field_of = MappingProxyType({**OF_REASON, "award-order": "ground", "award-ground": "ground"})
    bid = forms.ChoiceField(label=gettext_lazy("中标人"), widget=forms.RadioSelect)
    ground = forms.ChoiceField(
        label=gettext_lazy("不按排序的法定情形"),
        required=False,
        help_text=gettext_lazy("确定第一名的不选。没有法定情形，不能越过前一名。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("说明"),
        required=False,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("不按排序的必须写明事实，记入台账。"),
    )

    def __init__(self, *args: Any, candidates: Sequence[Candidate] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = [(one.judged.bid_ref, candidate_title(one)) for one in candidates if not one.ground]
        self.fields["bid"].choices = chosen  # type: ignore[attr-defined]
        self.fields["bid"].initial = chosen[0][0] if chosen else ""
        self.fields["ground"].choices = [("", _("按排序确定")), *grounds()]  # type: ignore[attr-defined]


def grounds() -> list[tuple[str, str]]:
    """Return the grounds of the law with their clauses, as choices."""
    return [
        (ground, f"{texts.GROUND_TITLES[ground]}（{words.clause(source).title}）") for ground, source in GROUNDS.items()
    ]


def candidate_title(one: Candidate) -> str:
    """Return a candidate as a choice: place, bidder, quote, points."""
    facts = {"place": one.judged.place, "bidder": one.bidder, "total": one.judged.total}
    quote = _("，报价%(price)s元") % {"price": words.yuan(one.judged.quote_yuan)} if one.judged.quote_yuan else ""
    return _("第%(place)s名　%(bidder)s　%(total)s分") % facts + quote
