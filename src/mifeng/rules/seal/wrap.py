"""Wrapped secrets (密钥封装): 32 bytes encrypted to one public key, bound to one place of one envelope.

HPKE (RFC 9180), base mode, single use: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Its ``info`` names the
core, the role and the index, so a stanza copied to another place or another envelope does not open. It need not commit
to its key: what comes out is held against ``C`` or ``sB_commit`` before it is used.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mifeng.rules.curve import ORDER, decode_scalar
from mifeng.rules.encoding import digest, encode_tuple

CODE_BYTES = 16

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP, _SYMBOLS, _CHECK_BITS = 4, 28, 12
_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def wrap(secret: bytes, public: bytes, core_hash: bytes, role: str, index: int) -> bytes:
    """Return a secret of 32 bytes wrapped to a public point: 113 bytes, other ones each time.

    Raises:
        ValueError: when the point is none.
    """
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    return _SUITE.encrypt(secret, key, info=_info(core_hash, role, index))


def unwrap(data: bytes, private: ec.EllipticCurvePrivateKey, core_hash: bytes, role: str, index: int) -> bytes | None:
    """Return the secret that was wrapped to this key for this place; None when it was not."""
    try:
        return _SUITE.decrypt(data, private, info=_info(core_hash, role, index))
    except InvalidTag:
        return None


def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the library's private key of a secret number, as key files hold it.

    Raises:
        ValueError: when it does not have 32 bytes or is out of range.
    """
    return ec.derive_private_key(decode_scalar(scalar), ec.SECP256R1())


def recovery_key(code: bytes) -> ec.EllipticCurvePrivateKey:
    """Return the private key of a recovery code of 16 random bytes (恢复码).

    Raises:
        ValueError: for a code of another length.
    """
    if len(code) != CODE_BYTES:
        raise ValueError(f"a recovery code has {CODE_BYTES} bytes")
    stretched = HKDF(hashes.SHA256(), length=48, salt=None, info=encode_tuple("BE1 recovery")).derive(code)
    return ec.derive_private_key(int.from_bytes(stretched) % (ORDER - 1) + 1, ec.SECP256R1())


def format_recovery(code: bytes) -> str:
    """Return a recovery code as it is written down: seven groups of four symbols, the last bits a check.

    Raises:
        ValueError: for a code of another length.
    """
    if len(code) != CODE_BYTES:
        raise ValueError(f"a recovery code has {CODE_BYTES} bytes")
    number = int.from_bytes(code) << _CHECK_BITS | _check_bits(code)
    symbols = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_SYMBOLS)))
    return "-".join(symbols[start : start + _GROUP] for start in range(0, _SYMBOLS, _GROUP))


def parse_recovery(text: str) -> bytes:
    """Return a recovery code as somebody typed it: small letters, spaces, and O, I, L for 0, 1, 1 are understood.

    Raises:
        ValueError: when a symbol is missing, unknown or mistyped.
    """
    typed = "".join(text.upper().split()).replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    if len(typed) != _SYMBOLS or not set(typed) <= set(_ALPHABET):
        raise ValueError(f"a recovery code has {_SYMBOLS} symbols")
    number = 0
    for symbol in typed:
        number = number << 5 | _ALPHABET.index(symbol)
    code = (number >> _CHECK_BITS).to_bytes(CODE_BYTES)
    if number % 2**_CHECK_BITS != _check_bits(code):
        raise ValueError("the recovery code is mistyped")
    return code


def _check_bits(code: bytes) -> int:
    return int.from_bytes(digest("BE1 check", code)[:2]) >> 16 - _CHECK_BITS


def _info(core_hash: bytes, role: str, index: int) -> bytes:
    return encode_tuple("BE1 wrap", core_hash, role, index)
