"""The committee of a project (评审委员会).

One table. A *panel* is asked for once per project, after its notice and with all seats confirmed: one draw per site. It
is complete when the roster of every site is sealed, and goes on when an expert has to stand aside afterwards. The
purchaser's representative is a seat of the plan and is never drawn.
"""

import re
from types import MappingProxyType

from mifeng.rules.lifecycle import Lifecycle, step

PANEL: Lifecycle = MappingProxyType(
    {
        "assemble": step("", "assembling", "agency", "LY-2022-14 四(二)"),
        "complete": step("assembling", "assembled", "clock", "LY-2022-14 四(二)"),
        "resume": step("assembled", "assembling", "clock", "GPLR-9"),
    }
)

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
