"""A reader without a device (模拟读卡器): a card is one line of text, and so is a face.

It is what the sample city has. ``MIFENG-CARD-1|<number>|<name>|<face>`` is a card; the camera sees the word behind the
last stroke, or another one. Whoever can write such a line can come as anybody: an installation that opens real doors
puts a device behind ``Reader``.
"""

import hmac
import re
import secrets

from mifeng.gateways.reader import Card

PREFIX = "MIFENG-CARD-1"
LONGEST = 300
_LINE = re.compile(rf"{PREFIX}\|([0-9]{{17}}[0-9X])\|([^|\x00-\x1f]{{1,100}})\|([0-9a-f]{{16}})")
FACE_BYTES = 8


class SimulatedReader:
    """Cards and faces as text (模拟读卡器)."""

    def read(self, signal: str) -> Card | None:
        """Return the card that a line says; None for any other line."""
        found = _LINE.fullmatch(signal.strip()) if len(signal) <= LONGEST else None
        return Card(*found.groups()) if found else None

    def matches(self, face: str, seen: str) -> bool:
        """Tell whether two words are the same."""
        return hmac.compare_digest(face.encode(), seen.strip().encode())


def card_line(number: str, name: str, face: str) -> str:
    """Return the line of a card."""
    return f"{PREFIX}|{number}|{name}|{face}"


def new_face() -> str:
    """Return a fresh face for a card of the simulation: 16 hex digits."""
    return secrets.token_hex(FACE_BYTES)
