"""Form of the purchaser's authorisation (采购人授权函)."""

from types import MappingProxyType

from django import forms
from django.utils.translation import gettext_lazy

from mifeng.web.workspace.forms.base import RoomForm


class RepresentativeForm(RoomForm):
    """Whom the purchaser sends to the committee (授权采购人代表): name and identity number, kept closed."""

    field_of = MappingProxyType({"malformed": "number"})
    name = forms.CharField(
        label=gettext_lazy("代表姓名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("与身份证一致。签到时凭本人身份证核对。"),
    )
    number = forms.CharField(
        label=gettext_lazy("身份证号"),
        max_length=18,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("18位。加密保存，台账和页面都不显示。"),
    )
