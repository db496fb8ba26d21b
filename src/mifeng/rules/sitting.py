"""The committee of a project (评审委员会).

One table. A *panel* is asked for once per project, after its notice and with all seats confirmed: one draw per site. It
is complete when the roster of every site is sealed, and goes on when an expert has to stand aside afterwards. The
purchaser's representative is a seat of the plan and is never drawn.
"""

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
