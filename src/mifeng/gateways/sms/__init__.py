"""The way to a person's telephone (短信接口): one message at a time, and two possible answers.

A message says where to be and when, and nothing of what for. What the gateway takes is sent at least once: after a lost
answer the same reference comes again, and the same person may read the same words twice.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A text message (短信).

    Args:
        reference: opaque name of the message, the same when it is handed over again.
        phone: number of the person, digits.
        text: the words.
    """

    reference: str
    phone: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway took the message (已交发).

    Args:
        sha256: hash of the bytes the gateway keeps of it, hexadecimal; evidence that says nothing.
    """

    sha256: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The gateway did not take the message (未能交发); handing it over again later may help."""

    detail: str


Outcome = Sent | Unreachable


class Sms(Protocol):
    """A text message gateway (短信网关)."""

    def send(self, message: Message) -> Outcome:
        """Hand over one message; never raises for what the other side does."""
        ...
