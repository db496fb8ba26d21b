"""Forms and refusals together (表单与拒绝): what stands in the way is said beside its field and in one list.

Forms check shape, rules check law. When an act is refused, its reasons become errors of the form, so that the person
sees one page with everything typed still there. A form says which reason belongs to which field by an attribute
``reason_fields`` (code → field); reasons without a field stand above the form.

A wrong shape is a refusal too: ``too-large`` for a text beyond its limit, ``malformed`` for everything else.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm, BoundField, CharField

from mifeng.rules.errors import Reason, Refusal
from mifeng.web.shell import words


class RuledText(CharField):
    """A text that the law asks for (依法须填的文字): shown as needed, and refused by the rule when it is empty."""

    def validate(self, value: object) -> None:
        """Leave an empty text to the rule, which names the clause."""


class Refused(ValidationError):
    """A reason of the law as an error of a form (不予受理的原因)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(words.reason_more(reason) or words.reason_text(reason), code=reason.code)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary (错误摘要): where it is, what it is, its code, and its clause if law refuses it.

    What is wrong in shape alone has no clause of its own; that of all shape stands once below the lines.
    """

    target: str
    text: str
    code: str
    clause: words.Clause | None = None


def show_refusal(form: BaseForm, refusal: Refusal) -> None:
    """Put every reason of a refusal into the form, beside its field where the form names one."""
    fields: Mapping[str, str] = getattr(form, "reason_fields", {})
    for reason in refusal.reasons:
        form.add_error(fields.get(reason.code), Refused(reason))


def code_of(error: ValidationError) -> str:
    """Return the code of a reason for which a field is refused, by law or for its shape."""
    if isinstance(error, Refused):
        return error.reason.code
    return "too-large" if error.code == "max_length" else "malformed"


def shape_codes(form: BaseForm) -> str:
    """Return the codes for which the shape of a form is refused, each once, as answers name them."""
    found = (code_of(error) for errors in form.errors.as_data().values() for error in errors)
    return " ".join(dict.fromkeys(found))


def problems(form: BaseForm) -> list[Problem]:
    """Return the lines of the error summary of a form, in the order of its fields."""
    found = form.errors.as_data()
    names = [name for name in (*form.fields, NON_FIELD_ERRORS) if name in found]
    often = Counter(error.code for name in names for error in found[name])
    return [line for name in names for line in _lines(form, name, found[name], often)]


def _lines(form: BaseForm, name: str, errors: list[ValidationError], often: Counter[str | None]) -> Iterator[Problem]:
    target = "" if name == NON_FIELD_ERRORS else _target(form[name])
    label = "" if name == NON_FIELD_ERRORS else f"{form[name].label}："
    for error in errors:
        if isinstance(error, Refused):
            # Reasons of one kind are told apart by their facts: which site, which package.
            more = words.reason_more(error.reason) if often[error.code] > 1 else ""
            text = words.reason_text(error.reason) + (f"：{more}" if more else "")
            yield Problem(target, text, error.reason.code, words.clause(error.reason.source))
        else:
            yield from (Problem(target, label + message, code_of(error)) for message in error.messages)


def _target(field: BoundField) -> str:
    """Return the id of a field's control; of its first choice where the field is a group of marks."""
    return field.id_for_label or f"{field.auto_id}_0"
