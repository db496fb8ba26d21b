"""Who the bidder is (投标人身份), inside the envelope: the part that is encrypted last.

It holds the name, the certificate, the guarantee, the tool that sealed the bid, and a signature by the certificate's
key over the core and the ciphertexts of all other parts. So the certificate answers for the core, the core names
``submit_key``, and ``submit_key`` signs the envelope. The signature is ECDSA on P-256 with SHA-256, written as r and s
in 32 bytes each: the length of every part must be known before anything is signed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from mifeng.rules.encoding import canonical, digest, parse_canonical
from mifeng.rules.seal.faults import Unopenable
from mifeng.rules.seal.part import File
from mifeng.rules.seal.shapes import hex_of, object_of, text_of

FILE, FILE_MEDIA = "identity.json", "application/json"
CERTIFICATE, CERTIFICATE_MEDIA = "certificate.der", "application/pkix-cert"
SIGNATURE_BYTES = 64

_KEYS = frozenset({"name", "guarantee", "tool", "tool_hash", "signature"})
# Order of P-256 in bytes: r and s each fit.
_HALF = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """Who bids, and with what it was sealed (投标人身份).

    Args:
        name: of the bidder, as its certificate has it.
        certificate: of the key that signs, DER.
        guarantee: what is said about the bid guarantee (保函); may be empty.
        tool: name and version of the program that sealed the bid; may be empty.
        tool_hash: hash of that program, 32 bytes; empty when it is not known.
    """

    name: str
    certificate: bytes
    guarantee: str = ""
    tool: str = ""
    tool_hash: bytes = b""


def signed_by_bidder(core_hash: bytes, ct_hashes: Sequence[bytes]) -> bytes:
    """Return what the certificate's key signs: H("BE1 sign"; coreHash, ct_hash of every other part in order)."""
    return digest("BE1 sign", core_hash, *ct_hashes)


def identity_files(identity: Identity, signature: bytes) -> tuple[File, File]:
    """Return the two files of the part ``identity``.

    Raises:
        ValueError: when the name is empty or the signature does not have 64 bytes.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"the signature has {SIGNATURE_BYTES} bytes")
    fields = {
        "name": text_of(identity.name, "name"),
        "guarantee": identity.guarantee,
        "tool": identity.tool,
        "tool_hash": identity.tool_hash.hex(),
        "signature": signature.hex(),
    }
    return (
        File(FILE, FILE_MEDIA, canonical(fields)),
        File(CERTIFICATE, CERTIFICATE_MEDIA, identity.certificate),
    )


def sign_identity(signer: Callable[[bytes], bytes], core_hash: bytes, ct_hashes: Sequence[bytes]) -> bytes:
    """Return the signature of a bid as it is written down, made by a signer that gives DER.

    Args:
        signer: signs a message with ECDSA on P-256 and SHA-256; a key file, a token, a service.
        core_hash: of the envelope.
        ct_hashes: of all other parts, in order.
    """
    r, s = decode_dss_signature(signer(signed_by_bidder(core_hash, ct_hashes)))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def identity_of(files: Sequence[File], core_hash: bytes, ct_hashes: Sequence[bytes]) -> Identity:
    """Return who bids, once the signature under the bid is made sure of; whether the certificate stands is not asked.

    Raises:
        Unopenable: ``identity``, through the bidder, when the files are others or the signature does not hold.
    """
    try:
        if [(one.name, one.media) for one in files] != [(FILE, FILE_MEDIA), (CERTIFICATE, CERTIFICATE_MEDIA)]:
            raise ValueError("the identity has two files")
        fields = object_of(parse_canonical(files[0].data), _KEYS, "an identity")
        texts = {key: value for key, value in fields.items() if isinstance(value, str)}
        if len(texts) != len(fields):
            raise ValueError("an identity holds text only")
        signature, tool_hash = hex_of(texts["signature"], SIGNATURE_BYTES, "signature"), texts["tool_hash"]
        _verify(files[1].data, signature, signed_by_bidder(core_hash, ct_hashes))
        return Identity(
            name=text_of(texts["name"], "name"),
            certificate=files[1].data,
            guarantee=texts["guarantee"],
            tool=texts["tool"],
            tool_hash=hex_of(tool_hash, 32, "tool_hash") if tool_hash else b"",
        )
    except (ValueError, x509.InvalidVersion, InvalidSignature, UnsupportedAlgorithm) as error:
        raise Unopenable("bidder", "identity") from error


def _verify(certificate: bytes, signature: bytes, message: bytes) -> None:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the certificate's key is not on P-256")
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
