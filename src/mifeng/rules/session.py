"""The plan of a remote session (评审场次 1+N).

Five tables. A *session* asks every site for seats and is fixed when the last site has confirmed. A *request* is what
one site sees and answers. It lapses when the site does not answer in time, and is displaced when the session moves to a
time at which the site has no seats left; only that site has to be planned anew then. A *booking* keeps one seat for one
stretch of time, held until its site confirms. A *call* is somebody at a kiosk or at a seat who asks for an officer. A
*computer of the seats* is one on which an officer lets seats of the own site be opened.
"""

from types import MappingProxyType

from mifeng.rules.lifecycle import Lifecycle, step

SESSION: Lifecycle = MappingProxyType(
    {
        "plan": step("", "requested", "agency", "LY-2022-14 四(一)"),
        "fix": step("requested", "fixed", "host guest", "LY-2022-14 四(一)"),
        "reopen": step("fixed", "requested", "agency clock", "our choice (ADR-1)"),
        "release": step("requested fixed", "released", "agency", "our choice (ADR-1)"),
    }
)

REQUEST: Lifecycle = MappingProxyType(
    {
        "request": step("", "requested", "agency", "LY-2022-14 四(一)"),
        "confirm": step("requested", "confirmed", "host guest", "LY-2022-14 四(一)"),
        "refuse": step("requested", "refused", "host guest", "LY-2022-14 四(一)"),
        "lapse": step("requested", "lapsed", "clock", "our choice (ADR-1)"),
        "ask_again": step("requested confirmed", "requested", "agency", "LY-2022-14 四(一)"),
        "displace": step("requested confirmed", "displaced", "agency", "our choice (ADR-1)"),
        "release": step("requested confirmed refused lapsed displaced", "released", "agency", "our choice (ADR-1)"),
    }
)

BOOKING: Lifecycle = MappingProxyType(
    {
        "hold": step("", "held", "agency", "LY-2022-14 三"),
        "confirm": step("held", "confirmed", "host guest", "LY-2022-14 四(一)"),
        "release": step("held confirmed", "released", "agency host guest clock", "our choice (ADR-1)"),
    }
)

CALL: Lifecycle = MappingProxyType(
    {
        "call_officer": step("", "calling", "kiosk expert buyer", "our choice (ADR-9)"),
        "answer_call": step("calling", "answered", "host guest", "our choice (ADR-9)"),
    }
)

SEAT_COMPUTER: Lifecycle = MappingProxyType(
    {
        "open_seat_computer": step("", "open", "host guest", "our choice (ADR-9)"),
        "close_seat_computer": step("open", "ended", "host guest", "our choice (ADR-9)"),
    }
)
