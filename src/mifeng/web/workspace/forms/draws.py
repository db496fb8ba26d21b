"""Forms about the draw of experts (抽取专家表单)."""

from types import MappingProxyType

from django import forms
from django.utils.translation import gettext_lazy

from mifeng.web.workspace.forms.base import RoomForm

CODE = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class DrawForm(RoomForm):
    """Ask for the experts of all sites (发起抽取); without a class the widest of the kind of purchase is taken."""

    field_of = MappingProxyType({"class-small": "speciality", "malformed": "speciality"})
    speciality = forms.CharField(
        label=gettext_lazy("评审专业"),
        max_length=7,
        required=False,
        help_text=gettext_lazy("一级或二级专业代码，例如A0801；三级专业人数少，不从中抽取。"),
        widget=forms.TextInput(attrs=CODE),
    )

    def clean_speciality(self) -> str:
        """Write the class in capitals."""
        return str(self.cleaned_data["speciality"]).strip().upper()


class WidenForm(DrawForm):
    """Ask again for a wider class where too few could be drawn (扩大抽取范围)."""

    speciality = forms.CharField(
        label=gettext_lazy("改从哪个专业抽取"),
        max_length=7,
        help_text=gettext_lazy("写上一级的专业代码，例如由A0801改为A08。"),
        widget=forms.TextInput(attrs=CODE),
    )
