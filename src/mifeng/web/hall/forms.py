"""The one form of the hall: the string that a bidder's own program made. Shape only; the act asks whether it fits."""

import re
from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

_WORD = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
MAX_TEXT = 2_000


class KeyForm(forms.Form):
    """The key string of a bid (开启串): its reference and its key, as ``mifeng bid confirm-key --print`` says them.

    Anything may stand around the two words of 64 digits: blanks, line ends, quotation marks of a whole JSON object.
    """

    use_required_attribute = False
    reason_fields: ClassVar[dict[str, str]] = {"key-mismatch": "key", "malformed": "key", "bid-unknown": "key"}

    key = forms.CharField(
        label=_("开启串"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(
            attrs={"rows": 3, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "mono"}
        ),
        error_messages={"required": _("没有填写")},
    )

    def clean_key(self) -> tuple[str, bytes]:
        """Return the bid's reference and the key."""
        found = _WORD.findall(self.cleaned_data["key"])
        if len(found) != 2:
            raise forms.ValidationError(_("这不是开启串：里面应有两段64位的十六进制数字"))
        return found[0].lower(), bytes.fromhex(found[1])
