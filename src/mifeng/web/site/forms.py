"""Forms of the site room: shape only; whether an answer is lawful is asked by the act."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from mifeng.rules.errors import Reason, Unfair
from mifeng.venues.models import Seat
from mifeng.web.shell.forms import RuledText
from mifeng.web.shell.http import Request

CONFIRM, REFUSE = "confirm", "refuse"
PASSED, FAILED = "passed", "failed"


class AnswerForm(forms.Form):
    """A site's answer to a request for seats (场地答复). An empty reason is refused by the rule, not by the form."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"reason-required": "reason", "too-large": "reason"}

    answer = forms.ChoiceField(choices=[(CONFIRM, _("确认")), (REFUSE, _("退回"))], widget=forms.HiddenInput)
    reason = RuledText(
        label=_("退回理由"),
        help_text=_("代理机构会看到这段话；不要写进与其他场次有关的内容。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReadinessForm(forms.Form):
    """The result of a seat's test (席位检测)."""

    reason_fields: ClassVar[dict[str, str]] = {"too-large": "fault", "malformed": "fault", "not-your-site": "seat"}

    seat = forms.TypedChoiceField(label=_("席位"), widget=forms.Select)
    result = forms.ChoiceField(
        label=_("检测结果"), choices=[(PASSED, _("通过")), (FAILED, _("未通过"))], widget=forms.RadioSelect
    )
    fault = forms.CharField(
        label=_("故障情况"),
        required=False,
        help_text=_("未通过时写明哪项设备、什么现象。占用表会显示这句话。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, seats: Sequence[Seat], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = dict(Seat.Kind.choices)
        self.fields["seat"].choices = [(str(seat.pk), f"{seat.label}　{kinds[seat.kind]}") for seat in seats]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for the fault where the test failed; leave it out where it passed."""
        given = super().clean() or {}
        if given.get("result") == FAILED and not given.get("fault", "").strip():
            self.add_error("fault", _("未通过时要写明故障"))
        if given.get("result") == PASSED:
            given["fault"] = ""
        return given


class OneForm(forms.Form):
    """Which of several (所选一项): its id."""

    id = forms.UUIDField(widget=forms.HiddenInput)


def chosen(request: Request) -> UUID:
    """Return the id that a form names (所选一项).

    Raises:
        Unfair: ``malformed``.
    """
    form = OneForm(request.POST)
    if not form.is_valid():
        raise Unfair(Reason("malformed", {"field": "id"}))
    named: UUID = form.cleaned_data["id"]
    return named


class CardForm(forms.Form):
    """What the reader says of a card (读卡)."""

    card = forms.CharField(
        label=_("读卡器"),
        max_length=300,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True, "inputmode": "none"}),
    )


class FaceForm(forms.Form):
    """What the camera says of a face (人脸)."""

    seen = forms.CharField(
        label=_("摄像头"),
        max_length=300,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True, "inputmode": "none"}),
    )


class PledgeForm(forms.Form):
    """What a person declares (声明): every line for itself. What is missing is refused by the rule, not by the form."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"pledge-missing": "said"}

    said = forms.MultipleChoiceField(
        label=_("声明"),
        required=False,
        choices=[
            ("avoidance", _("我与名单上的采购人、代理机构和投标人都没有应当回避的关系。")),
            ("independence", _("我独立评审，对本人的意见负责，不与他人商议分数。")),
            ("secrecy", _("评审期间不带手机，不向外透露评审情况。")),
            ("recording", _("我知道席位全程录音录像，评分签名提交后不能自行更改。")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
