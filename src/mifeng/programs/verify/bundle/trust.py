"""The trust policy (信任文件): what a verifier knows from elsewhere, in one small file.

Canonical or not, it is the verifier's own: ``{"format", "log", "witnesses", "authorities", "rulebooks"}``, the keys as
verifier keys, the last two as SHA-256 in hexadecimal of the authority's certificate and of the rulebook's text.
"""

import json
import re
from collections.abc import Iterable

from mifeng.programs.verify.bundle.case import Trust
from mifeng.rules.ledger import Kind, VerifierKey, parse_vkey

FORMAT = "mifeng-trust/1"
KEYS = frozenset({"format", "log", "witnesses", "authorities", "rulebooks"})
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def parse_trust(text: str) -> Trust:
    """Return what a trust policy says; everything but the format may be left out.

    Raises:
        ValueError: when it is misshapen, or names a key of another kind.
    """
    fields = json.loads(text)
    if not isinstance(fields, dict) or not {"format"} <= fields.keys() <= KEYS or fields["format"] != FORMAT:
        raise ValueError(f"not a trust policy of {FORMAT}")
    return Trust(
        log=key_of(_text(fields["log"]), Kind.LOG) if "log" in fields else None,
        witnesses=tuple(key_of(_text(one), Kind.WITNESS) for one in _list(fields, "witnesses")),
        authorities=_hashes(_list(fields, "authorities")),
        rulebooks=_hashes(_list(fields, "rulebooks")),
    )


def key_of(text: str, kind: Kind) -> VerifierKey:
    """Return a verifier key of a kind.

    Raises:
        ValueError: for any other.
    """
    key = parse_vkey(text)
    if key.kind is not kind:
        raise ValueError(f"公钥种类不对：{key.name}")
    return key


def _list(fields: dict[str, object], name: str) -> list[object]:
    found = fields.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is a list")
    return found


def _hashes(values: Iterable[object]) -> frozenset[str]:
    found = frozenset(_text(value) for value in values)
    if not all(_SHA256.fullmatch(value) for value in found):
        raise ValueError("a fingerprint is 64 hexadecimal digits")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a trust policy holds text")
    return value
