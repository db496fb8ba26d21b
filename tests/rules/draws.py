"""The published draw as tests take it apart, change it, and put it together again."""

import copy
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from mifeng.rules.decisive import verify_decisive
from mifeng.rules.draw.disclosure import Disclosure, parse_disclosure
from mifeng.rules.draw.pool import Record
from mifeng.rules.draw.verification import Grounds, verify_draw
from mifeng.rules.encoding import canonical
from mifeng.rules.ledger import parse_vkey
from tests.rules.vectors import vectors

VECTORS = vectors("draw")
SOUND, SHOWN = VECTORS["sound"], VECTORS["draw"]


def text_of(case: Mapping[str, Any]) -> bytes:
    """Return the disclosure of a case: its own, or the sound one with the changes of the case."""
    if "disclosure" in case:
        return case["disclosure"].encode()
    value = json.loads(SOUND["disclosure"])
    for path, fresh in case.get("changes", []):
        if not path:
            value = copy.deepcopy(fresh)
            continue
        place = value
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = copy.deepcopy(fresh)
    return canonical(value)


def disclosure_of(case: Mapping[str, Any]) -> Disclosure:
    """Return the disclosure of a case."""
    return parse_disclosure(text_of(case))


def grounds_of(case: Mapping[str, Any]) -> Grounds:
    """Return what a verifier holds beside it, its receipts verified under the published keys."""
    whole = {**SOUND, **case}
    log, witness = parse_vkey(VECTORS["log"]), parse_vkey(VECTORS["witness"])
    return Grounds(
        whole["policy"].encode(),
        verify_decisive(whole["notice"], log, [witness]),
        verify_decisive(whole["pool"], log, [witness]),
        Fraction(whole["ratio_min"]),
    )


def codes_of(case: Mapping[str, Any]) -> list[str]:
    """Return the codes of the faults that are found in a case."""
    return [fault.code for fault in verify_draw(disclosure_of(case), grounds_of(case))]


def records() -> list[Record]:
    """Return the records of the published draw."""
    found = []
    for one in SHOWN["people"]:
        fields = json.loads(one["record"])
        handle, person = bytes.fromhex(fields["handle"]), bytes.fromhex(fields["person"])
        found.append(Record(handle, person, fields["cells"], fields["excl"]))
    return found


def leaf_of(name: str) -> bytes:
    """Return the leaf of a person of the published draw."""
    return bytes.fromhex(next(one["leaf"] for one in SHOWN["people"] if one["name"] == name))
