"""Forms of the account room: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    """Account and password (登录)."""

    account = forms.CharField(
        label=_("账号"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)


class ReadForm(forms.Form):
    """Which lines of the inbox have been read: one of them, or all that were there at an instant."""

    message = forms.UUIDField(required=False)
    seen_at = forms.DateTimeField(required=False)
