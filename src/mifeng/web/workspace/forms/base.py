"""What all forms of the room have in common (表单基础): fields of money and time, the word that confirms an act."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.money import parse_yuan

YEARS = range(2000, 2100)
YES_NO = (("yes", gettext_lazy("是")), ("no", gettext_lazy("否")))


class RoomForm(forms.Form):
    """A form of the room. ``reason_fields`` names the field that a reason of the law belongs to (code → field)."""

    use_required_attribute = False
    reason_fields: Mapping[str, str]
    field_of: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason_fields = dict(self.field_of)
        self.name_missing()

    @classmethod
    def unfinished(cls, data: QueryDict, **kwargs: Any) -> Self:
        """Return the form with what was typed so far, without judging it."""
        initial = dict(kwargs.pop("initial", {}))
        blank = cls(initial=initial, **kwargs)
        for name, field in blank.fields.items():
            if name in data:
                initial[name] = field.widget.value_from_datadict(data, {}, name)
        return cls(initial=initial, **kwargs)

    def name_missing(self) -> None:
        """Say of every field that is left empty the same few words; the label stands before them."""
        for field in self.fields.values():
            chosen = isinstance(field, forms.ChoiceField | forms.FileField)
            field.error_messages["required"] = _("没有选择") if chosen else _("没有填写")

    def ask_word(self, word: str) -> None:
        """Carry everything that was typed unseen and ask for one word, which confirms an act (键入确认)."""
        for field in self.fields.values():
            field.widget = field.hidden_widget()
        self.fields["word"] = WordField(word)


class WordField(forms.CharField):
    """A word that has to be typed before an act that cannot be taken back (确认词)."""

    def __init__(self, word: str) -> None:
        super().__init__(
            max_length=20,
            label=_("请输入“%(word)s”") % {"word": word},
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            error_messages={"required": gettext_lazy("没有填写")},
        )
        self.word = word

    def validate(self, value: str) -> None:
        """Accept the one word only."""
        super().validate(value)
        if value != self.word:
            raise ValidationError(_("与要求的字不一致"))


class YuanField(forms.CharField):
    """An amount in yuan (金额，元). Where the law asks for it, an empty one passes here and is refused there."""

    def __init__(self, *, law_asks: bool = False, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(max_length=24, widget=forms.TextInput(attrs=attrs), **kwargs)
        self.law_asks = law_asks

    def to_python(self, value: object) -> Decimal | None:  # type: ignore[override]
        """Return the amount, None for an empty field."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_yuan(text)
        except ValueError:
            raise ValidationError(_("请以元为单位，最多两位小数，例如 4,800,000.00")) from None

    def run_validators(self, value: object) -> None:
        """An amount has no length; what was typed was measured by its pattern."""

    def validate(self, value: object) -> None:
        """Leave an empty amount to the law where the law asks for it."""
        if value is None and self.required and not self.law_asks:
            raise ValidationError(self.error_messages["required"], code="required")


class DayField(forms.DateField):
    """A Beijing day (北京日期)."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d"], **kwargs)
        self.error_messages["invalid"] = gettext_lazy("请写成 2026-11-20 这样的日期")

    def validate(self, value: date | None) -> None:
        """Refuse a day that nobody can mean."""
        super().validate(value)
        if value is not None and value.year not in YEARS:
            raise ValidationError(_("请核对年份"))


class TimeOfDayField(forms.TimeField):
    """A Beijing time of day, to the minute (北京时间)."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        super().__init__(widget=widget, input_formats=["%H:%M"], **kwargs)
        self.error_messages["invalid"] = gettext_lazy("请写成 09:30 这样的时间")


def plain_lines(text: str) -> str:
    """Return a text with line ends as one character, as the ledger keeps them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_yes(value: str) -> bool:
    """Read the answer to a question of yes or no."""
    return value == "yes"
