"""Lengths of a part's bytes (分部布局): how much is padded, how much encryption adds; and hashes of long bytes."""

import hashlib

from mifeng.rules.encoding import encode_tuple

CHUNK_BYTES, TAG_BYTES, PREFIX_BYTES = 16384, 16, 56
# Every part that is shorter looks like this: a certificate or a price may not be told by its length.
MIN_PART_BYTES = 4096


def padme(length: int) -> int:
    """Return the next length with few significant bits: at most 12 % longer, and few lengths look different (Padmé)."""
    exponent = length.bit_length() - 1
    low = (1 << max(exponent - exponent.bit_length(), 0)) - 1
    return (length + low) & ~low


def bucket(length: int) -> int:
    """Return what a part of this length is padded to, in bytes: 4 KiB at least, then Padmé."""
    return padme(max(length, MIN_PART_BYTES))


def ciphertext_length(padded_len: int) -> int:
    """Return how long the ciphertext of a part is: prefix, chunks of 16 KiB with a tag each, the last one shorter."""
    return PREFIX_BYTES + padded_len + TAG_BYTES * (padded_len // CHUNK_BYTES + 1)


def hasher(label: str, length: int) -> "hashlib._Hash":
    """Return a hash that, fed with so many bytes, gives H(label; these bytes)."""
    return hashlib.sha256(encode_tuple(label, b"")[:-8] + length.to_bytes(8))
