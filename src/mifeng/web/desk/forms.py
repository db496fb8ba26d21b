"""Forms of the desk: what a seat types. Shape only; what a committee may do is asked by the acts."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mifeng.evaluation.actions.judging import MAX_REASON
from mifeng.evaluation.actions.reporting import MAX_DISSENT, Endorsed
from mifeng.rules.scoring import Correction
from mifeng.web.shell.forms import RuledText
from mifeng.web.shell.reported import GONE

HEX = {"autocomplete": "off", "data-signature": ""}


class EntryForm(forms.Form):
    """The code of a seat (席位码), and the public key of the seat's own client where a script made one."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"seat-code-wrong": "code", "too-many-attempts": "code"}

    code = forms.CharField(
        label=_("席位码"),
        max_length=20,
        help_text=_("签到机最后一步给您的8位字母和数字，只能用一次，不分大小写。"),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
        error_messages={"required": _("没有填写")},
    )
    key = forms.RegexField(r"^(04[0-9a-f]{128})?$", required=False, widget=forms.HiddenInput(attrs={"data-key": ""}))


class VoteForm(forms.Form):
    """A vote for a chair (推选组长)."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"chair-buyer": "seat", "malformed": "seat"}

    seat = forms.ChoiceField(
        label=_("推选谁当组长"), widget=forms.RadioSelect, error_messages={"required": _("请选一个席位")}
    )


class WordForm(forms.Form):
    """A form that is sent only when a word has been typed (键入确认)."""

    use_required_attribute = False
    asked: ClassVar[Any] = _("签名")

    word = forms.CharField(
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "input-short"}),
        error_messages={"required": _("没有键入")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["word"].label = gettext("键入“%(word)s”两个字确认") % {"word": self.asked}

    def clean_word(self) -> str:
        """Return the word when it is the one."""
        typed = "".join(self.cleaned_data["word"].split()).strip("“”\"'")
        if typed != str(self.asked):
            raise forms.ValidationError(gettext("键入的不是“%(word)s”") % {"word": self.asked})
        return typed


class SheetForm(WordForm):
    """The signature under a sheet (评分签名): which sheet was read, and what the seat's own client made of it."""

    seen = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    salt = forms.RegexField(r"^([0-9a-f]{64})?$", required=False, widget=forms.HiddenInput(attrs=HEX))
    signature = forms.RegexField(r"^([0-9a-f]{2}){0,80}$", required=False, widget=forms.HiddenInput(attrs=HEX))


class UnableForm(WordForm):
    """Why one cannot go on (申报回避或不能继续)."""

    asked = _("申报")
    reason_fields: ClassVar[dict[str, str]] = {"reason-required": "why"}
    field_order = ("why", "word")

    why = forms.ChoiceField(
        label=_("事由"),
        choices=list(GONE.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项")},
    )


class ReasonForm(forms.Form):
    """A reason in words, for one bid (理由)."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"reason-required": "reason", "too-large": "reason"}

    reason = RuledText(
        label=_("理由"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("写明依据招标文件哪一条、投标文件第几页")}),
    )


class CorrectionForm(forms.Form):
    """A correction of one's own score (修改评分)."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {
        "reason-required": "reason",
        "too-large": "reason",
        "score-range": "after",
        "score-step": "after",
        "correction-baseless": "kind",
        "correction-unlawful": "kind",
        "majority-missing": "kind",
    }

    place = forms.ChoiceField(label=_("改哪一格"), error_messages={"required": _("没有选择")})
    kind = forms.ChoiceField(
        label=_("属于哪种情形"),
        choices=[
            ("objective", _("客观评审因素，各委员评分不一致")),
            ("abnormal", _("评分畸高或畸低，过半数委员认定")),
            ("range", _("评分超出评分标准的范围")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一种")},
    )
    after = forms.DecimalField(
        label=_("改为"), max_digits=9, decimal_places=6, error_messages={"required": _("没有填写")}
    )
    reason = RuledText(label=_("理由，写进评审报告"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 2}))

    def correction(self, seat: str, before: Decimal) -> Correction:
        """Return what is asked for."""
        given = self.cleaned_data
        bid, _blank, item = given["place"].partition(" ")
        return Correction(given["kind"], seat, bid, item, before, given["after"], given["reason"])


class EndorseForm(WordForm):
    """A member's word on the report (签署意见)."""

    reason_fields: ClassVar[dict[str, str]] = {"reason-required": "dissent", "too-large": "dissent"}
    field_order = ("opinion", "dissent", "word")

    opinion = forms.ChoiceField(
        label=_("您的意见"),
        choices=[("agree", _("同意评审报告")), ("dissent", _("保留意见，写明不同意见和理由"))],
        initial="agree",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选一项")},
    )
    dissent = RuledText(
        label=_("不同意见和理由"),
        max_length=MAX_DISSENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("只在保留意见时填写。有异议而不在报告上写明不同意见和理由的，依法视为同意。"),
    )
    report = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    signature = forms.RegexField(r"^([0-9a-f]{2}){0,80}$", required=False, widget=forms.HiddenInput(attrs=HEX))

    def endorsed(self) -> Endorsed:
        """Return what is signed."""
        given = self.cleaned_data
        agrees = given["opinion"] == "agree"
        words = "" if agrees else given["dissent"]
        return Endorsed(given["report"], agrees, words, bytes.fromhex(given["signature"]))
