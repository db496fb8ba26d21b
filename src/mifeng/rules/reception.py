"""What a bidder's program signs at the reception before it has a bid there (递交窗口签署内容).

The reception knows nobody by name: after a supplier's account has asked for a ticket, everything is authorised by the
key that the bidder's own program made for this lot. ``binding`` ties that key to the ticket, once; ``upload`` lets
bytes be staged. Each names the lot, so that no signature can be used for another.
"""

from mifeng.rules.encoding import encode_tuple
from mifeng.rules.seal.statements import HASH_BYTES

POINT_BYTES = 65
ANSWERS = ("confirmed", "objected")


def binding(lot_ref: bytes, ticket: str, submit_key: bytes) -> bytes:
    """Return what ``submit_key`` signs to be bound to a supplier's ticket (递交密钥登记).

    Args:
        lot_ref: the lot, 32 bytes.
        ticket: as the supplier's page showed it.
        submit_key: the public point itself, 65 bytes.

    Raises:
        ValueError: when a value is misshapen.
    """
    if len(lot_ref) != HASH_BYTES or len(submit_key) != POINT_BYTES or not ticket.isascii():
        raise ValueError("a lot of 32 bytes, a ticket in ASCII and a point of 65 bytes")
    return encode_tuple("BE1 bind", lot_ref, ticket, submit_key)


def record_answer(lot_ref: bytes, bid_ref: bytes, answer: str, text: str, nonce: bytes) -> bytes:
    """Return what ``submit_key`` signs to confirm the opening record or to object to it (开标记录确认).

    Args:
        lot_ref: the lot, 32 bytes.
        bid_ref: the bid, 32 bytes.
        answer: ``confirmed`` or ``objected``.
        text: the objection in words; empty for a confirmation.
        nonce: what the server gave out.

    Raises:
        ValueError: when a value is misshapen.
    """
    if len(lot_ref) != HASH_BYTES or len(bid_ref) != HASH_BYTES or answer not in ANSWERS or not nonce:
        raise ValueError("a lot and a bid of 32 bytes, an answer, a nonce")
    return encode_tuple("BE1 record", lot_ref, bid_ref, answer, text, nonce)


def upload(lot_ref: bytes, sha256: bytes, length: int, nonce: bytes) -> bytes:
    """Return what ``submit_key`` signs to stage the bytes of one file (分段上传).

    Args:
        lot_ref: the lot, 32 bytes.
        sha256: hash of the whole file, 32 bytes.
        length: of the whole file, in bytes.
        nonce: what the server gave out.

    Raises:
        ValueError: when a value is misshapen.
    """
    if len(lot_ref) != HASH_BYTES or len(sha256) != HASH_BYTES or length < 1 or not nonce:
        raise ValueError("a lot and a hash of 32 bytes, a length, a nonce")
    return encode_tuple("BE1 upload", lot_ref, sha256, length, nonce)
