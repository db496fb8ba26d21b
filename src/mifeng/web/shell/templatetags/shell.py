"""Filters and tags of every page (通用标签): formats of ``shell.words``, icons, status tags, rulers, QR codes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import segno
from django import template
from django.forms import BaseForm, BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.rules.errors import Reason, Refusal
from mifeng.rules.reasons import REASONS
from mifeng.rules.scoring import decimal_text
from mifeng.web.shell import forms, texts, words
from mifeng.web.shell.clocks import Ruler

register = template.Library()

register.filter("weekday", words.weekday)
register.filter("yuan", words.yuan)
register.filter("wan", words.wan)
register.filter("capital", words.capital)
register.filter("filesize", words.size)
register.filter("shorthash", words.shorthash)
register.filter("groups", words.groups)
register.filter("clause", words.clause)
register.filter("reason_text", words.reason_text)
register.filter("reason_more", words.reason_more)
register.filter("reason_end", words.reason_end)
register.filter("reason_lifters", words.reason_lifters)
register.filter("reason_alternatives", words.reason_alternatives)
register.filter("role_title", words.role)
register.filter("state_title", words.state)
register.filter("step_title", words.step)
register.filter("points", decimal_text)

# The seven looks of a status: the icon, the modifier of the tag, and the word used when the fact itself is not shown.
LOOKS: Mapping[str, tuple[str, str, object]] = MappingProxyType(
    {
        "none": ("ring", "", gettext_lazy("未开始")),
        "go": ("half", "tag-go", gettext_lazy("进行中")),
        "todo": ("todo", "tag-todo", gettext_lazy("待处理")),
        "done": ("done", "tag-ok", gettext_lazy("已完成")),
        "late": ("clock", "tag-bad", gettext_lazy("已逾期")),
        "stop": ("stop", "", gettext_lazy("已中止")),
        "bad": ("warn", "tag-bad", gettext_lazy("异常")),
    }
)


@register.filter
def thousands(number: int) -> str:
    """Show a whole number with thousands marks, whatever the grouping of the locale."""
    return f"{number:,}"


@register.filter
def beijing(at: datetime) -> str:
    """Show an instant as ``2026-11-20 09:30``."""
    return words.beijing(at)


@register.filter
def beijing_seconds(at: datetime) -> str:
    """Show an instant as ``2026-11-20 09:30:12``."""
    return words.beijing(at, seconds=True)


@register.filter
def beijing_clock(at: datetime) -> str:
    """Show the time of day of an instant as ``09:30:12``."""
    return words.beijing(at, seconds=True)[11:]


@register.filter
def beijing_short(at: datetime) -> str:
    """Show an instant as ``11-20 09:30``, where the year is plain from the place."""
    return words.beijing(at)[5:]


@register.filter
def iso(at: datetime) -> str:
    """Write an instant for the machine: UTC, milliseconds, as ``<time datetime>`` and the script read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.filter
def remaining(until: datetime, now: datetime) -> str:
    """Show how long is left in the two largest units."""
    return words.remaining(until, now)


@register.filter
def remaining_full(until: datetime, now: datetime) -> str:
    """Show how long is left to the second."""
    return words.remaining(until, now, full=True)


@register.filter
def waited(since: datetime, now: datetime) -> str:
    """Show how long somebody has been waiting."""
    return words.duration(now - since)


@register.filter
def refusal_title(status: int) -> str:
    """Name the page of a refusal by its status."""
    return str(texts.REFUSAL_TITLES.get(status, texts.REFUSAL_TITLES[422]))


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon of the sprite; ``size`` is ``s`` for the small one. Always beside a word, so hidden from readers."""
    return format_html(
        '<svg class="i{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        " i-s" if size == "s" else "",
        static("shell/icons.svg"),
        name,
    )


@register.simple_tag
def state_tag(look: str, word: object = "") -> SafeString:
    """Show a status: the icon carries one of the seven looks, the word may be the fact itself."""
    name, modifier, usual = LOOKS[look]
    return format_html('<span class="tag {}" data-state="{}">{}{}</span>', modifier, look, icon(name), word or usual)


@register.simple_tag
def state_of(state: str) -> SafeString:
    """Show the state of a matter as its status tag."""
    found = texts.STATE_WORDS.get(state, texts.Word(state))
    return state_tag(found.look, found.title)


@register.inclusion_tag("shell/parts/ruler.html")
def ruler(measure: Ruler) -> dict[str, Ruler]:
    """Draw a ruler; lengths are attributes of SVG, never styles."""
    return {"ruler": measure}


@register.simple_tag(takes_context=True)
def qr(context: Context, address: str) -> SafeString:
    """Draw the QR code of an address of this platform as inline SVG: one path, colours from the stylesheet."""
    code = segno.make(context["request"].build_absolute_uri(address), error="m", micro=False)
    path = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, line in enumerate(code.matrix_iter(border=4))
        for column, dark in enumerate(line)
        if dark
    )
    width, height = code.symbol_size(border=4)
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}" shape-rendering="crispEdges">'
        '<path d="{}" fill="currentColor"/></svg>',
        width,
        height,
        _("二维码，扫码进入核验页"),
        path,
    )


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Render the control of a form field in the dress of the stylesheet; a choice of marks keeps its own."""
    return field.as_widget(attrs=None if field.use_fieldset or field.widget_type == "checkbox" else {"class": "input"})


@register.filter
def problems(form: BaseForm) -> list[forms.Problem]:
    """List everything that is wrong with a form, reasons of the law included."""
    return forms.problems(form)


@register.filter
def beyond_fields(form: BaseForm, refusal: Refusal) -> list[Reason]:
    """List the reasons of a refusal that do not stand beside a field of the form."""
    return [reason for reason in refusal.reasons if reason.code not in getattr(form, "reason_fields", {})]


@register.filter
def reason_codes(field: BoundField) -> str:
    """Name the codes for which what stands in a field is refused, for ``data-reason``."""
    errors = field.form.errors.as_data().get(field.name, [])
    return " ".join(forms.code_of(error) for error in errors)


@register.filter
def shape_clause(found: list[forms.Problem]) -> str:
    """Cite the clause of what is wrong in shape alone; empty when law refuses all of it."""
    first = next((one.code for one in found if one.clause is None), "")
    return words.clause(REASONS[first]).title if first else ""
