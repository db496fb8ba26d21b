"""The one form of the cockpit: a finding."""

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from mifeng.oversight.actions import MAX_TEXT
from mifeng.oversight.models import Finding
from mifeng.web.shell.forms import RuledText


class FindingForm(forms.Form):
    """What a supervisor saw (监督记录). An empty text is refused by the rule, not by the form."""

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"reason-required": "text", "too-large": "text", "malformed": "kind"}

    kind = forms.ChoiceField(
        label=_("类别"),
        choices=[("observation", _("监督情况记录")), ("irregularity", _("发现问题"))],
        widget=forms.RadioSelect,
        initial=Finding.Kind.OBSERVATION,
    )
    text = RuledText(
        label=_("记录内容"),
        help_text=_("只由本监督部门可见；写入台账后不能修改。最多%(limit)d字。") % {"limit": MAX_TEXT},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
