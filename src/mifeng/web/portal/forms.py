"""Forms of the portal: filters of the list, and what is to be verified. Shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

MAX_REGIONS = 50


class RegionsField(forms.Field):
    """Several region codes of six digits, in the order given."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: object) -> list[str]:
        """Return the codes, or refuse what is none."""
        codes = list(dict.fromkeys(value)) if isinstance(value, list) else []
        if len(codes) > MAX_REGIONS or not all(len(code) == 6 and code.isascii() and code.isdigit() for code in codes):
            raise forms.ValidationError(_("地区代码不对"))
        return codes


class FilterForm(forms.Form):
    """What narrows the public list (筛选)."""

    q = forms.CharField(required=False, max_length=100, label=_("搜索"))
    region = RegionsField(required=False, label=_("地区"))
    open = forms.BooleanField(required=False, label=_("仍可投标"))


class LookUpForm(forms.Form):
    """A leaf or the number of a receipt (核验)."""

    leaf = forms.CharField(
        max_length=100,
        label=_("回执编号或条目指纹"),
        help_text=_("编号形如7M2K-9QXD-H4TB，指纹为64位十六进制；可以带空格。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
