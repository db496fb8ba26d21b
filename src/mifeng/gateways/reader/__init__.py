"""The reader at a check-in (读卡与人脸比对): what lies on it, and whether the face before it is that of the card.

A reader is asked two things. It reads a card, and it compares one face with one card, one to one. What it compares with
is a value of its own that is worth nothing elsewhere; nobody else interprets it, and nobody keeps it.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says (身份证件).

    Args:
        number: identity number, 18 characters.
        name: the person's name.
        face: the reader's own value to compare a face with.
    """

    number: str
    name: str
    face: str


class Reader(Protocol):
    """A reader of cards with a camera (读卡器)."""

    def read(self, signal: str) -> Card | None:
        """Return the card behind what came from the device; None for what is no card. Never raises."""
        ...

    def matches(self, face: str, seen: str) -> bool:
        """Tell whether what the camera sees is the face of a card."""
        ...
