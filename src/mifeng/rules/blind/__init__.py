"""Blind review (暗标评审): bids under codes, codes and orders of each seat its own, scores closed until all are in.

* the **codes** of every seat follow from a committed secret and the seeds of the draws (``codes``);
* the **mapping** between codes and bids is laid open after the technical scores are locked, and anyone can compute it
  anew (``disclosure``);
* **scores** are committed to when they are signed and laid open together (``scores``).

What is shown: nobody chose the codes, nobody changed a score after seeing another. What is not: whoever runs the desk
service can still tell the link to somebody, and a bid can be recognised by its drawings or its length.
``docs/spec/blind.md`` numbers what a reader must check.
"""

from mifeng.rules.blind.codes import (
    ALPHABET,
    CODE_LENGTH,
    Issue,
    Line,
    SeatCodes,
    blind_key,
    code_of,
    commitment,
    in_order,
    is_code,
    is_seat,
    issue_codes,
    order_key,
    smallest_counter,
    tie_lot,
)
from mifeng.rules.blind.disclosure import CODES, CodeMap, Fault, Grounds, format_mapping, parse_mapping, verify_mapping
from mifeng.rules.blind.scores import Named, open_commitment, score_commitment

__all__ = [
    "ALPHABET",
    "CODES",
    "CODE_LENGTH",
    "CodeMap",
    "Fault",
    "Grounds",
    "Issue",
    "Line",
    "Named",
    "SeatCodes",
    "blind_key",
    "code_of",
    "commitment",
    "format_mapping",
    "in_order",
    "is_code",
    "is_seat",
    "issue_codes",
    "open_commitment",
    "order_key",
    "parse_mapping",
    "score_commitment",
    "smallest_counter",
    "tie_lot",
    "verify_mapping",
]
