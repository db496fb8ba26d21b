"""Text that a person typed (文字内容), as an act takes it.

Every act that carries words asks here: trimmed, not too long, in one normal form, and free of characters that no person
types and that a database or a page would choke on. Line breaks and tabs are text.
"""

import unicodedata

from mifeng.rules.errors import Reason, Unfair

LAYOUT = frozenset("\n\r\t")
UNREADABLE = frozenset({"Cc", "Cs"})


def check_wording(text: str, *, field: str, limit: int, empty: str = "") -> str:
    """Refuse text that cannot be kept or is too long, and return it trimmed (文字内容).

    Args:
        text: as it was sent.
        field: what the text is for, named in the refusal.
        limit: most characters (字).
        empty: code of the refusal of an empty text; empty when the text may be left out.

    Raises:
        Unfair: ``malformed`` for control characters and half characters, ``too-large``, and the code given for no text.

    Source: our choice (ADR-1)
    """
    words = text.strip()
    if not words and empty:
        raise Unfair(Reason(empty, {"field": field}))
    if len(words) > limit:
        raise Unfair(Reason("too-large", {"field": field, "limit": limit}))
    if any(unicodedata.category(letter) in UNREADABLE and letter not in LAYOUT for letter in words):
        raise Unfair(Reason("malformed", {"field": field}))
    return unicodedata.normalize("NFC", words)
