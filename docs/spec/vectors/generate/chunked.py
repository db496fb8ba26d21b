"""C2SP chunked-encryption by hand, Cobblestone-256: HKDF-Expand with SHA-512, AES-256-GCM, chunks of 16 KiB."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hpke import hkdf_expand
from primitives import b64, secret, sha

CHUNK = 16384
KEY, CONTEXT = secret("chunked key"), secret("chunked context")


def derived(key, salt, context):
    """Return key, base nonce and commitment of one message."""
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    out = hkdf_expand(key, info, 32 + 12 + 32, "sha512")
    return out[:32], out[32:44], out[44:]


def nonce_of(base, number):
    return (int.from_bytes(base, "big") ^ number).to_bytes(12, "big")


def chunks_of(plaintext):
    """Return the chunks: all of 16 KiB but the last, which is shorter and may be empty."""
    return [plaintext[start : start + CHUNK] for start in range(0, len(plaintext) + 1, CHUNK)]


def encrypt(key, context, plaintext, salt):
    chunk_key, base, commitment = derived(key, salt, context)
    aead = AESGCM(chunk_key)
    pieces = [aead.encrypt(nonce_of(base, number), one, b"") for number, one in enumerate(chunks_of(plaintext))]
    return salt + commitment + b"".join(pieces)


def pattern(length):
    """Return bytes that anyone can make again: the place of each, times 7, plus 3, modulo 251."""
    return bytes((place * 7 + 3) % 251 for place in range(length))


def message(length):
    salt = secret(f"chunked salt {length}")[:24]
    chunk_key, base, commitment = derived(KEY, salt, CONTEXT)
    return {
        "name": f"{length} bytes",
        "length": length,
        "salt": salt.hex(),
        "chunk_key": chunk_key.hex(),
        "base_nonce": base.hex(),
        "commitment": commitment.hex(),
        "ciphertext": b64(encrypt(KEY, CONTEXT, pattern(length), salt)),
        "sha256": sha(encrypt(KEY, CONTEXT, pattern(length), salt)).hex(),
    }


def full_last_chunk():
    """Return a message whose last chunk is full, as no writer makes it."""
    salt = secret("full last chunk")[:24]
    chunk_key, base, commitment = derived(KEY, salt, CONTEXT)
    return salt + commitment + AESGCM(chunk_key).encrypt(base, pattern(CHUNK), b"")


def refused():
    """Return what a reader refuses: pieces of the message of 40,000 bytes, put together in another way."""
    head, first, second, last = [0, 56], [56, 16456], [16456, 32856], [32856, 40104]
    cases = [
        ("chunks swapped", [head, second, first, last], "chunk"),
        ("a chunk twice", [head, first, first, second, last], "chunk"),
        ("a chunk left out", [head, first, last], "chunk"),
        ("last chunk cut off", [head, first, second], "chunk"),
        ("cut inside a chunk", [head, first, second, [32856, 40103]], "chunk"),
        ("last chunk twice", [head, first, second, last, last], "chunk"),
        ("nothing but the prefix", [head], "chunk"),
        ("prefix cut off", [[0, 55]], "commitment"),
        ("nothing", [], "commitment"),
        ("another salt", [[1, 25], [24, 40104]], "commitment"),
        ("another commitment", [[0, 24], [25, 57], [56, 40104]], "commitment"),
    ]
    return [{"name": name, "pieces": pieces, "reason": reason} for name, pieces, reason in cases]


def chunked():
    return {
        "key": KEY.hex(),
        "context": CONTEXT.hex(),
        "messages": [message(length) for length in (0, 1, 16383, 16384, 40000)],
        "refused": refused(),
        "full_last_chunk": {"ciphertext": b64(full_last_chunk()), "reason": "chunk"},
    }
