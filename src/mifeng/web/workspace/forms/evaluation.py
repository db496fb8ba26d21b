"""The form of the qualification review (资格审查表单)."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from mifeng.evaluation.actions.qualifying import MAX_REASONS
from mifeng.web.shell.forms import RuledText
from mifeng.web.shell.reported import Words
from mifeng.web.workspace.forms.base import RoomForm, is_yes, plain_lines

FOUND = (("yes", gettext_lazy("合格")), ("no", gettext_lazy("不合格")))


class QualificationForm(RoomForm):
    """Say whether a bidder is qualified (资格审查结论). A refusal without a reason is refused by the rule."""

    field_of = MappingProxyType({"reason-required": "reasons", "too-large": "reasons", "malformed": "reasons"})
    passed = forms.TypedChoiceField(
        label=gettext_lazy("审查结论"), choices=FOUND, coerce=is_yes, widget=forms.RadioSelect
    )
    reasons = RuledText(
        label=gettext_lazy("不合格的理由"),
        required=False,
        max_length=MAX_REASONS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("写明缺哪一项、招标文件哪一条要求。合格的不用填。"),
    )

    def clean_reasons(self) -> str:
        """Keep line ends in one form."""
        return plain_lines(self.cleaned_data["reasons"])


class SeatForm(RoomForm):
    """Which member is spoken of, and why (席位与事由): one who says nothing on the report, or who has to leave."""

    field_of = MappingProxyType({"reason-required": "why", "seat-signed": "seat", "malformed": "seat"})
    seat = forms.ChoiceField(label=gettext_lazy("席位"), widget=forms.RadioSelect)
    why = forms.ChoiceField(label=gettext_lazy("事由"), widget=forms.RadioSelect)

    def __init__(
        self, *args: Any, seats: Sequence[tuple[str, str]] = (), whys: Words = MappingProxyType({}), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seat"].choices = list(seats)  # type: ignore[attr-defined]
        self.fields["why"].choices = list(whys.items())  # type: ignore[attr-defined]
