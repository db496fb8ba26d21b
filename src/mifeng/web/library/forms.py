"""Forms of the library room: shape only; the law is asked by the acts."""

from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.experts.actions import NewExpert
from mifeng.experts.actions.library import check_expert
from mifeng.experts.models import Expert
from mifeng.rules.errors import Refusal
from mifeng.rules.expert import DECLINE_REASONS, SUSPENSION_REASONS
from mifeng.web.library.words import DECLINED, READ_REASONS, SUSPENDED, TIERS

MAX_TEXT, MAX_LIST = 200, 2_000
ACCEPT, DECLINE = "accept", "decline"
PLAIN = {"autocomplete": "off", "spellcheck": "false"}
CODES = {**PLAIN, "autocapitalize": "characters"}


class WordsField(forms.CharField):
    """Several codes, with blanks, commas or line ends between them (多项代码)."""

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the codes, each once, in the order given."""
        text = super().clean(value) or ""
        for mark in "，、；,;":
            text = text.replace(mark, " ")
        return tuple(dict.fromkeys(text.upper().split()))


class FilterForm(forms.Form):
    """What narrows the list of experts (筛选); nothing in it can name a person."""

    speciality = forms.CharField(required=False, max_length=7)
    tier = forms.ChoiceField(required=False, choices=[("", ""), *Expert.Tier.choices])
    state = forms.ChoiceField(required=False, choices=[("", ""), ("enrolled", ""), ("suspended", "")])


# What is wrong with a field of a person, in words; the code alone would not say it.
FAULTS = MappingProxyType(
    {
        "phone": gettext_lazy("应为11位手机号码"),
        "number": gettext_lazy("不是18位身份号码，或与校验码不符"),
        "region": gettext_lazy("应为6位行政区划代码"),
        "specialities": gettext_lazy("应为三级专业代码，例如A080101"),
    }
)


class ExpertForm(forms.Form):
    """What is entered of a person (专家入库); numbers and codes are checked as the act checks them."""

    use_required_attribute = False
    reason_fields = MappingProxyType({"expert-known": "number"})

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=MAX_TEXT, widget=forms.TextInput(attrs=PLAIN))
    number = forms.CharField(
        label=gettext_lazy("公民身份号码"),
        max_length=18,
        help_text=gettext_lazy("18位，末位为校验码；加密保存，列表上不显示。"),
        widget=forms.TextInput(attrs=CODES),
    )
    phone = forms.CharField(
        label=gettext_lazy("手机号码"), max_length=11, widget=forms.TextInput(attrs={**PLAIN, "inputmode": "numeric"})
    )
    employer = forms.CharField(label=gettext_lazy("工作单位"), max_length=MAX_TEXT, widget=forms.TextInput(attrs=PLAIN))
    employer_code = forms.CharField(
        label=gettext_lazy("单位统一社会信用代码"),
        max_length=18,
        required=False,
        widget=forms.TextInput(attrs=CODES),
    )
    relations = WordsField(
        label=gettext_lazy("本人申报的利害关系单位"),
        max_length=MAX_LIST,
        required=False,
        help_text=gettext_lazy("统一社会信用代码，可以多个，用空格或换行隔开。抽取时依此回避。"),
        widget=forms.Textarea(attrs={"rows": 2, **CODES}),
    )
    specialities = WordsField(
        label=gettext_lazy("评审专业"),
        max_length=MAX_LIST,
        help_text=gettext_lazy("三级专业代码，例如A080101，可以多个，用空格隔开。"),
        widget=forms.TextInput(attrs=CODES),
    )
    tier = forms.ChoiceField(label=gettext_lazy("所在专家库"), choices=TIERS, widget=forms.RadioSelect)
    region = forms.CharField(
        label=gettext_lazy("行政区划代码"),
        max_length=6,
        help_text=gettext_lazy("6位，例如150826。"),
        widget=forms.TextInput(attrs={**PLAIN, "inputmode": "numeric"}),
    )
    trained = forms.BooleanField(label=gettext_lazy("已完成评审培训"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = _("没有填写")

    def clean(self) -> dict[str, Any]:
        """Say of each field what the act would refuse; never with what stood in it."""
        given = super().clean() or {}
        if not self.errors:
            try:
                check_expert(self.expert())
            except Refusal as refusal:
                for reason in refusal.reasons:
                    field = str(reason.facts.get("field", ""))
                    self.add_error(field if field in self.fields else None, FAULTS.get(field, _("请核对这一项")))
        return given

    def expert(self) -> NewExpert:
        """Return the person as the act takes one."""
        given = self.cleaned_data
        return NewExpert(
            name=given["name"],
            phone=given["phone"],
            number=given["number"].upper(),
            employer=given["employer"],
            region=given["region"],
            tier=given["tier"],
            specialities=given["specialities"],
            employer_code=given["employer_code"].upper(),
            relations=given["relations"],
            trained=given["trained"],
        )


class SuspendForm(forms.Form):
    """Take a person out of further draws (停止抽取), for one of the known reasons."""

    use_required_attribute = False
    reason_fields = MappingProxyType({"reason-required": "reason"})

    reason = forms.ChoiceField(
        label=gettext_lazy("停止抽取的原因"),
        choices=[(word, SUSPENDED[word]) for word in SUSPENSION_REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("没有选择")},
    )


class RestoreForm(forms.Form):
    """Let a person be drawn again (恢复抽取)."""


class ReadForm(forms.Form):
    """Why somebody has to know who an expert is (查看个人信息)."""

    use_required_attribute = False

    reason = forms.ChoiceField(
        label=gettext_lazy("查看的原因"),
        choices=list(READ_REASONS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("没有选择")},
    )


class AnswerForm(forms.Form):
    """An expert's answer to an invitation (接受、拒绝); a refusal has one of the known reasons."""

    use_required_attribute = False

    answer = forms.ChoiceField(choices=[(ACCEPT, ACCEPT), (DECLINE, DECLINE)], widget=forms.HiddenInput)
    reason = forms.ChoiceField(
        label=gettext_lazy("不能参加的原因"),
        choices=[(word, DECLINED[word]) for word in DECLINE_REASONS],
        widget=forms.RadioSelect,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a refusal only."""
        given = super().clean() or {}
        if given.get("answer") == DECLINE and not given.get("reason"):
            self.add_error("reason", _("请选一个原因"))
        return given
