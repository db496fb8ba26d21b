"""The committee of a project and how it comes to its seats (评审委员会、签到).

A *panel* is asked for once per project, after its notice and with all seats confirmed: one draw per site. It is
complete when the roster of every site is sealed, and goes on when an expert has to stand aside or does not come. The
purchaser's representative is a seat of the plan and is never drawn; a *representative* is authorised by the purchaser,
and another authorisation takes the place of the earlier one.

A *check-in* is open for one session, from an hour before its start. An *arrival* is one person's way to a seat: card,
face or two officers, declaration, seat. A card that is read again is compared again, whatever was said before: what was
declared stays declared, but a finder does not go on with it. A *kiosk* is a computer on which one person after another
goes that way.
"""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from types import MappingProxyType

from mifeng.rules.errors import Reason, Unfair, WrongMoment
from mifeng.rules.lifecycle import Lifecycle, step

PANEL: Lifecycle = MappingProxyType(
    {
        "assemble": step("", "assembling", "agency", "LY-2022-14 四(二)"),
        "complete": step("assembling", "assembled", "clock", "LY-2022-14 四(二)"),
        "resume": step("assembled", "assembling", "clock expert host guest", "GPLR-9"),
    }
)

CHECKIN: Lifecycle = MappingProxyType(
    {
        "open_checkin": step("", "open", "clock host", "LY-2022-14 四(三)"),
        "close_checkin": step("open", "ended", "clock", "LY-2022-14 四(三)"),
    }
)

REPRESENTATIVE: Lifecycle = MappingProxyType(
    {
        "authorise": step("", "authorised", "buyer", "MOF-87-45"),
        "replace_representative": step("authorised", "replaced", "buyer", "MOF-87-45"),
        "stand_aside": step("authorised", "aside", "buyer", "GPLR-9"),
    }
)

ARRIVAL: Lifecycle = MappingProxyType(
    {
        "identify": step("", "identified", "kiosk", "LY-2022-14 四(二)"),
        "match_face": step("identified", "verified", "kiosk", "LY-2022-14 四(三)"),
        "fail_face": step("identified", "identified", "kiosk", "our choice (ADR-9)"),
        "doubt": step("identified", "doubted", "kiosk", "our choice (ADR-9)"),
        "vouch": step("doubted", "vouched", "host guest", "MOF-87-45"),
        "vouch_again": step("vouched", "verified", "host guest", "MOF-87-45"),
        "compare_again": step("verified pledged", "identified", "kiosk", "our choice (ADR-9)"),
        "vouch_anew": step("vouched", "doubted", "kiosk", "our choice (ADR-9)"),
        "keep_pledge": step("verified", "pledged", "kiosk host guest", "our choice (ADR-9)"),
        "pledge": step("verified", "pledged", "expert buyer", "GPLR-9"),
        "stand_aside": step("verified pledged", "aside", "expert buyer", "GPLR-9"),
        "take_seat": step("pledged", "seated", "expert buyer", "LY-2022-14 四(二)"),
        "miss": step("identified doubted vouched", "absent", "host guest", "our choice (ADR-9)"),
    }
)

KIOSK: Lifecycle = MappingProxyType(
    {
        "open_kiosk": step("", "open", "host guest", "our choice (ADR-9)"),
        "close_kiosk": step("open", "ended", "host guest", "our choice (ADR-9)"),
    }
)

OPENS_BEFORE = timedelta(minutes=60)
FACE_TRIES = 2
# An evaluation must not be cut off by its own plan.
SEAT_OUTLIVES = timedelta(hours=12)
# Why two officers check somebody: words, since free text could name a person in the ledger.
VOUCH_REASONS = ("declined", "mismatch", "camera")
# What is declared before a seat is taken; the texts stand with the page.
PLEDGES = ("avoidance", "independence", "secrecy", "recording")

# Where a draw looks when the agency names no class: the widest class of the library for each kind of purchase.
WIDEST = MappingProxyType({"goods": "A08", "services": "C04"})

# A label of a seat: the six digits of the site's region, the seat's own number, and who holds it as the second, third …
_LABEL = re.compile(r"(?P<mark>[0-9]{6})-(?P<number>[A-Za-z0-9._-]{1,40})(?:/(?P<turn>[0-9]{1,3}))?", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)


def seat_label(region: str, number: str, turn: int, *, otherwise: str) -> str:
    """Return the label of a seat in a session (席位编号): ``150826-03``, its second holder ``150826-03/2``.

    It says the place and never the person, is unique over all sites of a session since a region has one site and a site
    no number twice, and has the form that codes and sheets ask for (``rules.blind.is_seat``).

    Args:
        region: of the site, six digits.
        number: of the seat, as it stands on its door.
        turn: how many have been given this seat in this session, this one included.
        otherwise: stands for a number that has other letters than those of a label, as one of Chinese letters has;
            unique among the seats of the site.

    Raises:
        ValueError: when even so no label comes out.
    """
    plain = number if _NUMBER.fullmatch(number) else otherwise
    label = f"{region}-{plain}" if turn == 1 else f"{region}-{plain}/{turn}"
    if turn < 1 or not _LABEL.fullmatch(label):
        raise ValueError(f"no label comes of {region!r}, {number!r}, {turn}")
    return label


def read_label(label: str) -> tuple[str, str, int]:
    """Return region, number and turn that a label names; empty words and 1 for a text that is no label."""
    found = _LABEL.fullmatch(label)
    if found is None:
        return "", "", 1
    return found["mark"], found["number"], int(found["turn"] or 1)


def opens_at(starts_at: datetime) -> datetime:
    """Return when the check-in of a session may open (签到开放时间)."""
    return starts_at - OPENS_BEFORE


def check_window(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    """Refuse to check anybody in too early or after the session (签到时段).

    Raises:
        WrongMoment: ``checkin-early`` until the moment it opens, ``checkin-over``.

    Source: LY-2022-14 四(三) (R145)
    """
    if at < opens_at(starts_at):
        raise WrongMoment(Reason("checkin-early", {"opens_at": opens_at(starts_at)}, until=opens_at(starts_at)))
    if at >= ends_at:
        raise WrongMoment(Reason("checkin-over", {"ends_at": ends_at}))


def check_begun(starts_at: datetime, at: datetime) -> None:
    """Refuse to count anybody absent before the session begins (未到).

    Raises:
        WrongMoment: ``too-early`` until then.

    Source: our choice (ADR-9)
    """
    if at < starts_at:
        raise WrongMoment(Reason("too-early", {"step": "miss"}, until=starts_at))


def check_pledges(said: Collection[str]) -> None:
    """Refuse a seat to whoever has not declared everything (纪律与回避声明).

    Raises:
        Unfair: ``pledge-missing`` with what is missing.

    Source: GPLR-9, LC-2018-80 三(六) (R175)
    """
    missing = tuple(word for word in PLEDGES if word not in said)
    if missing:
        raise Unfair(Reason("pledge-missing", {"missing": len(missing)}))


def check_vouch_reason(word: str) -> None:
    """Refuse a check by officers without one of the known reasons (人工核对事由).

    Raises:
        Unfair: ``reason-required``.

    Source: MOF-87-45
    """
    if word not in VOUCH_REASONS:
        raise Unfair(Reason("reason-required"))
