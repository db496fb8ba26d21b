"""Committed scores (评分承诺, SC1): a sheet is fixed when it is signed, and read by nobody before all are.

The expert's own client draws a salt, hashes salt and sheet, and signs that hash; only the hash is logged. When every
sheet that is needed is committed to, all salts and sheets are laid open in one act. The sheet names the lot, the round,
the seat, the part, the template and the seat's own codes, so that a hash copied from another seat can never be opened
as one's own.
"""

from dataclasses import dataclass

from mifeng.rules.blind.codes import HASH_BYTES
from mifeng.rules.encoding import digest
from mifeng.rules.errors import Tampered
from mifeng.rules.scoring.sheet import Sheet, parse_sheet


@dataclass(frozen=True, slots=True)
class Named:
    """What a sheet must name (评分归属).

    Args:
        lot_ref: of the lot.
        round: of the evaluation.
        seat: label of the seat that committed.
        part: technical or business.
        template: hash of the template in force.
        codes: all codes of that seat in this round.
    """

    lot_ref: bytes
    round: int
    seat: str
    part: str
    template: bytes
    codes: frozenset[str]


def score_commitment(salt: bytes, sheet: bytes) -> bytes:
    """Return what is signed and logged for a sheet (评分承诺): H("SC1"; salt, canonical sheet), 32 bytes.

    Args:
        salt: 32 fresh random bytes of the expert's client.
        sheet: canonical bytes of the sheet.

    Raises:
        ValueError: when the salt does not have 32 bytes.
    """
    if len(salt) != HASH_BYTES:
        raise ValueError(f"a salt has {HASH_BYTES} bytes")
    return digest("SC1", salt, sheet)


def open_commitment(committed: bytes, salt: bytes, sheet: bytes, named: Named) -> Sheet:
    """Return the sheet behind a commitment (核验评分承诺), made sure that it is the one, and the seat's own.

    Args:
        committed: what was logged.
        salt: laid open.
        sheet: laid open, canonical bytes.
        named: what the sheet must name.

    Raises:
        Tampered: when salt and sheet do not give the commitment, or the sheet names something else.
        ValueError: when the salt or the sheet is misshapen.
    """
    if score_commitment(salt, sheet) != committed:
        raise Tampered("the sheet laid open is not the one committed to")
    opened = parse_sheet(sheet)
    if (opened.lot_ref, opened.round, opened.seat, opened.part, opened.template) != (
        named.lot_ref,
        named.round,
        named.seat,
        named.part,
        named.template,
    ):
        raise Tampered("the sheet is another seat's, or of another lot, round, part or template")
    strange = {cell.code for cell in opened.cells} - named.codes
    if strange:
        raise Tampered("the sheet holds codes that its seat never got")
    return opened
