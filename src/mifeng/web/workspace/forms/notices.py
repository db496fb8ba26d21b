"""Forms about notice and clarification (公告与澄清表单)."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.calendar import at_beijing
from mifeng.tenders.actions import Clarified, Publishing
from mifeng.tenders.actions.notices import MAX_REASON, MAX_TEXT
from mifeng.web.workspace.forms.base import YES_NO, DayField, RoomForm, TimeOfDayField, is_yes, plain_lines


class PublishForm(RoomForm):
    """Publish the notice (发布采购公告); ``version`` is the project's when the page was made."""

    field_of = MappingProxyType(
        {
            "malformed": "text",
            "too-large": "text",
            "supply-period-short": "supply_until",
            "bid-period-short": "due_on",
            "session-before-deadline": "due_on",
            "seats-pending": "departure_reason",
            "seats-missing": "departure_reason",
        }
    )
    text = forms.CharField(
        label=gettext_lazy("公告正文"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 12})
    )
    supply_until = DayField(label=gettext_lazy("招标文件提供至"))
    due_on = DayField(label=gettext_lazy("投标截止日期"))
    due_time = TimeOfDayField(label=gettext_lazy("投标截止时间"))
    departure_reason = forms.CharField(
        label=gettext_lazy("席位未全部确认而先行发布的理由"),
        required=False,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("原则上先落实席位再发公告。写明理由才可以先发，理由记入台账。"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean_text(self) -> str:
        """Keep line ends in one form."""
        return plain_lines(self.cleaned_data["text"])

    @property
    def bids_due_at(self) -> datetime:
        """Return the deadline for bids that was chosen."""
        return at_beijing(self.cleaned_data["due_on"], self.cleaned_data["due_time"])

    def publishing(self) -> Publishing:
        """Return what is to be published."""
        found = self.cleaned_data
        return Publishing(
            text=found["text"],
            supply_until=found["supply_until"],
            bids_due_at=self.bids_due_at,
            version=found["version"],
            departure_reason=plain_lines(found["departure_reason"]),
        )


class ClarifyForm(RoomForm):
    """Issue a clarification (发出澄清); an empty new deadline leaves it where it is."""

    field_of = MappingProxyType(
        {
            "malformed": "text",
            "too-large": "text",
            "clarification-late": "due_on",
            "deadline-earlier": "due_on",
            "reason-required": "reason",
        }
    )
    text = forms.CharField(
        label=gettext_lazy("澄清内容"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 8})
    )
    affects_bids = forms.TypedChoiceField(
        label=gettext_lazy("是否可能影响投标文件编制"), choices=YES_NO, coerce=is_yes, widget=forms.RadioSelect
    )
    due_on = DayField(
        label=gettext_lazy("新的投标截止日期"), required=False, help_text=gettext_lazy("不填就不改期；只能推后。")
    )
    due_time = TimeOfDayField(label=gettext_lazy("新的投标截止时间"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        required=False,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("改期必须写明；剩余天数不足而认为不影响投标的，也必须写明。"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean_text(self) -> str:
        """Keep line ends in one form."""
        return plain_lines(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        """Ask for the time of a new day."""
        found = self.cleaned_data
        if found.get("due_on") and not found.get("due_time") and "due_time" not in self.errors:
            self.add_error("due_time", _("没有填写"))
        return found

    @property
    def new_due_at(self) -> datetime | None:
        """Return the new deadline that was chosen, None to leave it."""
        day, time = self.cleaned_data["due_on"], self.cleaned_data["due_time"]
        return at_beijing(day, time) if day and time else None

    def clarified(self) -> Clarified:
        """Return what is to be issued."""
        found = self.cleaned_data
        return Clarified(
            text=found["text"],
            affects_bids=found["affects_bids"],
            new_due_at=self.new_due_at,
            version=found["version"],
            reason=plain_lines(found["reason"]),
        )
