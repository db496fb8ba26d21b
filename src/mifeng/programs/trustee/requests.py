"""What the trustee is asked (受托请求): canonical JSON with exactly these keys, or it is malformed."""

from dataclasses import dataclass

from mifeng.rules.encoding import parse_canonical
from mifeng.rules.ledger import decode64
from mifeng.rules.seal.shapes import hex_of, number_of, object_of, text_of

HASH_BYTES = 32
MAX_SIGNATURE_BYTES = 80
MAX_NONCE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Deadline:
    """A lot's policy, and the receipt of the notice that fixes its deadline (截止时间副署请求)."""

    policy: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class Stanza:
    """The header of an envelope handed in for a lot (密钥段核验请求), as its submit key signed it for the platform."""

    lot_ref: str
    seal: bytes
    nonce: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A bidder's own statement that it withdraws a version (撤回通知), signed by its submit key."""

    lot_ref: str
    bid_ref: str
    version: int
    envelope: str
    nonce: bytes
    signature: bytes


def parse_deadline(body: bytes) -> Deadline:
    """Return the request of a body.

    Raises:
        ValueError: when it is misshapen.
    """
    fields = object_of(parse_canonical(body), {"policy", "receipt"}, "a deadline")
    return Deadline(decode64(text_of(fields["policy"], "policy")), text_of(fields["receipt"], "receipt"))


def parse_stanza(body: bytes) -> Stanza:
    """Return the request of a body.

    Raises:
        ValueError: when it is misshapen.
    """
    fields = object_of(parse_canonical(body), {"lot_ref", "seal", "nonce", "signature"}, "a stanza")
    return Stanza(
        lot_ref=_hash(fields, "lot_ref"),
        seal=decode64(text_of(fields["seal"], "seal")),
        nonce=_bytes(fields, "nonce", MAX_NONCE_BYTES),
        signature=_bytes(fields, "signature", MAX_SIGNATURE_BYTES),
    )


def parse_withdrawal(body: bytes) -> Withdrawal:
    """Return the request of a body.

    Raises:
        ValueError: when it is misshapen.
    """
    keys = {"lot_ref", "bid_ref", "version", "envelope", "nonce", "signature"}
    fields = object_of(parse_canonical(body), keys, "a withdrawal")
    return Withdrawal(
        lot_ref=_hash(fields, "lot_ref"),
        bid_ref=_hash(fields, "bid_ref"),
        version=number_of(fields["version"], "version"),
        envelope=_hash(fields, "envelope"),
        nonce=_bytes(fields, "nonce", MAX_NONCE_BYTES),
        signature=_bytes(fields, "signature", MAX_SIGNATURE_BYTES),
    )


def parse_receipt_alone(body: bytes) -> str:
    """Return the receipt of a body that holds nothing else.

    Raises:
        ValueError: when it is misshapen.
    """
    return text_of(object_of(parse_canonical(body), {"receipt"}, "a request")["receipt"], "receipt")


def _hash(fields: dict[str, object], key: str) -> str:
    return hex_of(fields[key], HASH_BYTES, key).hex()


def _bytes(fields: dict[str, object], key: str, limit: int) -> bytes:
    text = text_of(fields[key], key)
    return hex_of(text, min(len(text) // 2, limit), key)
