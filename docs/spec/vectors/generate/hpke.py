"""HPKE of RFC 9180 by hand: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; and HKDF of RFC 5869."""

import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM = b"KEM" + (0x0010).to_bytes(2, "big")
HPKE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0010, 0x0001, 0x0002))


def hkdf_extract(salt, material, hash_name="sha256"):
    return hmac.new(salt, material, hash_name).digest()


def hkdf_expand(key, info, length, hash_name="sha256"):
    out, block, count = b"", b"", 0
    while len(out) < length:
        count += 1
        block = hmac.new(key, block + info + bytes([count]), hash_name).digest()
        out += block
    return out[:length]


def private(scalar):
    return ec.derive_private_key(scalar, ec.SECP256R1())


def point(scalar):
    return private(scalar).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def labeled_extract(suite, salt, label, material):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + material)


def labeled_expand(suite, key, label, info, length):
    return hkdf_expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def seal(plaintext, public, info, ephemeral):
    """Return every step of wrapping to a public point with a chosen ephemeral key."""
    sent = point(ephemeral)
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    shared_x = private(ephemeral).exchange(ec.ECDH(), peer)
    prk = labeled_extract(KEM, b"", b"eae_prk", shared_x)
    shared = labeled_expand(KEM, prk, b"shared_secret", sent + public, 32)
    context = b"\x00" + labeled_extract(HPKE, b"", b"psk_id_hash", b"") + labeled_extract(HPKE, b"", b"info_hash", info)
    secret = labeled_extract(HPKE, shared, b"secret", b"")
    key = labeled_expand(HPKE, secret, b"key", context, 32)
    nonce = labeled_expand(HPKE, secret, b"base_nonce", context, 12)
    data = sent + AESGCM(key).encrypt(nonce, plaintext, b"")
    return {
        "info": info.hex(),
        "ephemeral": ephemeral.to_bytes(32, "big").hex(),
        "shared_secret": shared.hex(),
        "key": key.hex(),
        "base_nonce": nonce.hex(),
        "plaintext": plaintext.hex(),
        "data": data.hex(),
    }
