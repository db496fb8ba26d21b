"""Values as a person reads them (显示格式): times, durations, money, fingerprints, clauses, reasons.

Times are kept in UTC and shown in Beijing time. A duration is written in words (剩1天23小时) wherever digits with
colons could be read as a time of day. Money has thousands marks and, beside a binding amount, capitals (大写).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import cn2an
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from mifeng.rules.calendar import BEIJING
from mifeng.rules.errors import Reason
from mifeng.web.shell import texts
from mifeng.web.shell.texts import Sentence

WEEKDAYS = "一二三四五六日"
MIB = 2**20
WAN = Decimal(10_000)

# Reasons that a changed form does not lift: until when they stand and who can lift them, where the reason does not say.
BEYOND_THE_SENDER: Mapping[str, tuple[Sentence, Sentence]] = MappingProxyType(
    {
        "wrong-state": (_lazy("只看所处环节"), _lazy("任何岗位都不能跳过环节")),
        "deadline-passed": (_lazy("时间已过，不会解除"), _lazy("任何岗位都不能")),
        "no-witness": (_lazy("见证方恢复签名时"), _lazy("见证方")),
    }
)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_NUMBERED_LAW = re.compile(r"(?P<law>[A-Z]+(?:-\d+)?)-(?P<article>\d+)(?P<rest>.*)")
_TOKEN = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Clause:
    """Cite a clause (依据): in full, in short, and whether its text still waits to be read (条文待核)."""

    title: str
    short: str
    pending: bool = False

    def __str__(self) -> str:
        return self.title


def beijing(at: datetime, *, seconds: bool = False) -> str:
    """Return an aware instant as ``2026-11-20 09:30`` in Beijing time.

    Raises:
        ValueError: for an instant without a time zone.
    """
    return _local(at).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def weekday(at: datetime | date) -> str:
    """Return the weekday (周五) of an instant in Beijing time, or of a date."""
    day = _local(at) if isinstance(at, datetime) else at
    return _("周%(day)s") % {"day": WEEKDAYS[day.weekday()]}


def remaining(until: datetime, now: datetime, *, full: bool = False) -> str:
    """Return how long is left (剩1天23小时): the two largest units, or all of them; 已到时 when nothing is left."""
    if until <= now:
        return _("已到时")
    return pgettext("time left", "剩%(words)s") % {"words": duration(until - now, full=full)}


def duration(length: timedelta, *, full: bool = False) -> str:
    """Return a length of time in words: 1天23小时, 2小时41分, 14分08秒, 8秒; ``full`` keeps every unit."""
    total = max(int(length.total_seconds()), 0)
    days, hours, minutes, seconds = total // 86400, total // 3600 % 24, total // 60 % 60, total % 60
    if days:
        words = _("%(days)d天%(hours)d小时") % {"days": days, "hours": hours}
        return words + _("%(minutes)d分%(seconds)02d秒") % {"minutes": minutes, "seconds": seconds} if full else words
    if hours:
        words = _("%(hours)d小时%(minutes)d分") % {"hours": hours, "minutes": minutes}
        return words + _("%(seconds)02d秒") % {"seconds": seconds} if full else words
    if minutes:
        return _("%(minutes)d分%(seconds)02d秒") % {"minutes": minutes, "seconds": seconds}
    return _("%(seconds)d秒") % {"seconds": seconds}


def yuan(amount: Decimal) -> str:
    """Return an amount in yuan with thousands marks: ``4,800,000.00``."""
    return f"{amount:,.2f}"


def wan(amount: Decimal) -> str:
    """Return an amount in units of ten thousand yuan (万元), never rounded: ``480.00``, ``58.4050``."""
    shown = (amount / WAN).normalize()
    places = max(2, -int(shown.as_tuple().exponent))
    return f"{shown:,.{places}f}"


def capital(amount: Decimal) -> str:
    """Return an amount in capital characters (大写): 肆佰捌拾陆万元整."""
    return str(cn2an.an2cn(str(amount.quantize(Decimal("0.01"))), "rmb"))


def size(count: int) -> str:
    """Return a number of bytes as a person reads it: ``184 KB``, ``2.4 MB``."""
    return f"{count / MIB:.1f} MB" if count >= MIB else f"{max(count / 1024, 1):.0f} KB"


def shorthash(value: bytes | memoryview | str) -> str:
    """Return the two ends of a fingerprint: ``9c1e…b04d``."""
    text = value if isinstance(value, str) else bytes(value).hex()
    return f"{text[:4]}…{text[-4:]}" if len(text) > 9 else text


def groups(value: bytes | memoryview | str) -> str:
    """Return a whole fingerprint in groups of four, to be compared by eye."""
    text = value if isinstance(value, str) else bytes(value).hex()
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def clause(source: str) -> Clause:
    """Return how a clause id is cited: ``GPL-35`` is 政府采购法第三十五条, in short 法35."""
    wide = source.replace("(", "（").replace(")", "）")
    if source.startswith("our choice"):
        title = _("平台规则") + wide.removeprefix("our choice ")
        return Clause(title, title)
    word, _space, part = wide.partition(" ")
    law = texts.LAWS.get(word)
    if law:
        return Clause(law.title + part, law.short + part, not law.read)
    found = _NUMBERED_LAW.fullmatch(source)
    law = texts.LAWS.get(found["law"]) if found else None
    if not found or not law:
        return Clause(source, source, pending=True)
    article = f"第{cn2an.an2cn(found['article'])}条{found['rest']}"
    return Clause(law.title + article, law.short + found["article"] + found["rest"], not law.read)


def reason_text(reason: Reason) -> str:
    """Return the sentence of a reason."""
    return str(texts.REASON_TEXTS[reason.code].says)


def reason_more(reason: Reason) -> str:
    """Return the second line of a reason, which names its facts; empty when one of them is not known."""
    more = str(texts.REASON_TEXTS[reason.code].more)
    wanted = set(_TOKEN.findall(more))
    if not more or not wanted <= reason.facts.keys():
        return ""
    return more % {name: shown(name, reason.facts[name]) for name in wanted}


def reason_end(reason: Reason) -> str:
    """Return in words until when a reason stands that names no instant."""
    if reason.code in BEYOND_THE_SENDER and not reason.lifted_by:
        return str(BEYOND_THE_SENDER[reason.code][0])
    return _("没有时限，办好即可")


def reason_lifters(reason: Reason) -> str:
    """Return who can lift a reason: the posts, the passing of time, nobody, or whoever sent the form."""
    if reason.lifted_by:
        return _("、").join(role(word) for word in reason.lifted_by)
    if reason.until:
        return _("到时自动解除")
    if reason.code in BEYOND_THE_SENDER:
        return str(BEYOND_THE_SENDER[reason.code][1])
    return _("您修改后再提交")


def reason_alternatives(reason: Reason) -> list[str]:
    """Return the other ways that a refusal of seats offers, each in a few words (替代方案)."""
    found = reason.facts.get("alternatives", ())
    return [_alternative(one) for one in found] if isinstance(found, list | tuple) else []


def role(word: str) -> str:
    """Return the title of a role."""
    return str(texts.ROLE_TITLES.get(word, word))


def state(word: str) -> str:
    """Return the title of a state."""
    found = texts.STATE_WORDS.get(word)
    return str(found.title) if found else word


def step(word: str) -> str:
    """Return the title of a step."""
    return str(texts.STEP_TITLES.get(word, word))


def shown(name: str, value: object) -> str:
    """Return the value of a fact as a person reads it."""
    if isinstance(value, list | tuple | set | frozenset):
        return _("、").join(shown(name, one) for one in value) or _("无")
    if isinstance(value, datetime):
        return f"{beijing(value)} {weekday(value)}"
    if isinstance(value, int) and name == "limit":
        return size(value) if value >= MIB else f"{value:,}"
    if isinstance(value, Decimal) or name.endswith("_yuan"):
        return _("%(amount)s元") % {"amount": yuan(Decimal(str(value)))}
    if isinstance(value, str):
        return _word(name, value)
    return str(value)


def _word(name: str, value: str) -> str:
    if _INSTANT.fullmatch(value):
        return shown(name, datetime.fromisoformat(value))
    known: Mapping[str, object] = texts.FACT_WORDS.get(name, {})
    if value in known:
        return str(known[value])
    if name in ("state", "allowed", "document"):
        return state(value)
    return {"step": step, "role": role}.get(name, str)(value)


def _alternative(one: Mapping[str, object]) -> str:
    at = one.get("starts_at")
    when = f"{beijing(at)} {weekday(at)}" if isinstance(at, datetime) else ""
    if one.get("kind") == "other-site":
        return _("改用%(sites)s，时间不变") % {"sites": shown("sites", one.get("sites", ()))}
    return _("同一场地，改为%(when)s开始") % {"when": when}


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(BEIJING)
