"""Sealing and opening a bid (密封与开启速率), beside the library's raw AES-256-GCM on 16 KiB calls, on one core.

By turns, the median of the ratios. The payload is one part: encrypted and decrypted as the envelope does it, with
commitment, padding and chunks. What is sealed goes on piece by piece; what is opened must be kept until its last chunk
is authenticated, so the peer keeps what it decrypts too: fresh memory costs more than the decryption.

A whole envelope is hashed besides, each ciphertext and each file once with SHA-256; without hardware for it that weighs
more still, so the rows of whole envelopes stand beside what the format asks for at least: raw AES-256-GCM and two
passes of SHA-256 over the same bytes.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from statistics import median

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mifeng.rules.seal import File, open_bid, open_part
from mifeng.rules.seal.part import encrypt_part, index_of
from tests.bench.figures import Figure, compared
from tests.rules.sealed import ciphertexts_of, sealed, secrets_of, shares_of

SIZE = 32 * 2**20
TURNS = 9
BAR = 0.6
CALL = 16384
STEP = 65536
KEY, CONTEXT = bytes(32), bytes(32)


def measure() -> Iterator[Figure]:
    """Yield one row per kind of work."""
    data = hashlib.shake_256(b"payload").digest(SIZE)
    file = [File("a.pdf", "application/pdf", data)]
    index = index_of(file)
    ciphertext = b"".join(encrypt_part(KEY, CONTEXT, index, file))
    aead = AESGCM(KEY)
    closed = [aead.encrypt(number.to_bytes(12), piece, None) for number, piece in enumerate(cut(data, CALL))]

    def encrypt() -> None:
        for number, piece in enumerate(cut(data, CALL)):
            aead.encrypt(number.to_bytes(12), piece, None)

    def decrypt() -> list[bytes]:
        return [aead.decrypt(number.to_bytes(12), piece, None) for number, piece in enumerate(closed)]

    yield figure("seal: payload sealed", lambda: deque(encrypt_part(KEY, CONTEXT, index, file), maxlen=0), encrypt)
    yield figure("seal: payload opened", lambda: open_part(KEY, CONTEXT, cut(ciphertext, STEP)), decrypt)
    secrets = secrets_of("bench")
    content = {"technical": file}
    bid = sealed(secrets, content)
    shares, ciphertexts = shares_of(secrets), ciphertexts_of(bid.seal, bid.container)

    def hashes() -> None:
        hashlib.sha256(data)
        hashlib.sha256(data)

    def open_envelope() -> None:
        open_bid(bid.seal, bid.s_b, shares, {name: cut(one[0], STEP) for name, one in ciphertexts.items()})

    yield figure("seal: envelope sealed, hashes included", lambda: sealed(secrets, content), encrypt, hashes)
    yield figure("seal: envelope opened, hashes included", open_envelope, decrypt, hashes)


def figure(name: str, work: Callable[[], object], *peers: Callable[[], object]) -> Figure:
    """Return the row of some work over the payload and of its peers together, in MB/s."""
    turns = [(seconds(work), sum(seconds(peer) for peer in peers)) for _ in range(TURNS)]
    rates = [SIZE / 1e6 / median(times) for times in zip(*turns, strict=True)]
    ratio = median(beside / own for own, beside in turns)
    return compared(name, rates[0], "MB/s", rates[1], ratio=ratio, bar=BAR)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the pieces of some bytes."""
    return (data[start : start + size] for start in range(0, len(data), size))


def seconds(work: Callable[[], object]) -> float:
    """Return how many seconds of this process's time some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
