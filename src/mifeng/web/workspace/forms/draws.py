"""Forms about the draw of experts (抽取专家表单)."""

from types import MappingProxyType

from django import forms
from django.utils.translation import gettext_lazy

from mifeng.web.workspace.forms.base import RoomForm


class ClassField(forms.CharField):
    """A class of specialities by its code (专业代码), written in capitals; whether it may be drawn from is law."""

    def __init__(self, **kwargs: object) -> None:
        attrs = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        super().__init__(max_length=7, widget=forms.TextInput(attrs=attrs), **kwargs)  # type: ignore[arg-type]

    def clean(self, value: object) -> str:
        """Return the code in capitals."""
        return str(super().clean(value)).upper()


class DrawForm(RoomForm):
    """Ask for the experts of all sites (发起抽取); without a class the widest of the kind of purchase is taken."""

    field_of = MappingProxyType({"class-small": "speciality", "malformed": "speciality"})
    speciality = ClassField(
        label=gettext_lazy("评审专业"),
        required=False,
        help_text=gettext_lazy("一级或二级专业代码，例如A0801；三级专业人数少，不从中抽取。"),
    )


class WidenForm(RoomForm):
    """Ask again for a wider class where too few could be drawn (扩大抽取范围)."""

    field_of = MappingProxyType({"class-small": "speciality", "malformed": "speciality"})
    speciality = ClassField(
        label=gettext_lazy("改从哪个专业抽取"),
        help_text=gettext_lazy("写上一级的专业代码，例如由A0801改为A08。"),
    )
