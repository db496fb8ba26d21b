"""Acts on panels, check-in and seats (评审委员会与签到办理), one file per noun.

What a draw does after its request is done by the platform at its time; the acts of the experts' context that the table
of due steps names are handed on here, since nobody but this context and the library may reach them.
"""

from mifeng.experts.actions import abort_draw, answer_invitation, lapse_invitation
from mifeng.sittings.actions.arrivals import (
    doubt_face,
    identify,
    match_face,
    pledge,
    renew_seat_code,
    stand_aside,
    take_seat,
    vouch,
)
from mifeng.sittings.actions.checkins import close_checkin, mark_absent, open_checkin
from mifeng.sittings.actions.kiosks import close_kiosk, open_kiosk
from mifeng.sittings.actions.panels import (
    assemble_panel,
    complete_panel,
    move_panel,
    recheck_avoidance,
    widen_panel,
)
from mifeng.sittings.actions.representatives import authorise_representative

__all__ = [
    "abort_draw",
    "answer_invitation",
    "assemble_panel",
    "authorise_representative",
    "close_checkin",
    "close_kiosk",
    "complete_panel",
    "doubt_face",
    "identify",
    "lapse_invitation",
    "mark_absent",
    "match_face",
    "move_panel",
    "open_checkin",
    "open_kiosk",
    "pledge",
    "recheck_avoidance",
    "renew_seat_code",
    "stand_aside",
    "take_seat",
    "vouch",
    "widen_panel",
]
