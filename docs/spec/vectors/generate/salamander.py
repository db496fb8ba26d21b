"""One ciphertext, one tag, two keys, two prices: what AES-GCM allows and a key commitment forbids.

The tag of AES-GCM is a polynomial over GF(2^128), linear in every block of the ciphertext. Two keys ask for two
values; one block left free solves the one equation that makes both hold.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

R = 0xE1 << 120


def times(a, b):
    """Return the product in GF(2^128), with the bits in the order in which GCM writes them."""
    out = 0
    for bit in range(127, -1, -1):
        if b >> bit & 1:
            out ^= a
        a = a >> 1 ^ (R if a & 1 else 0)
    return out


def power(a, exponent):
    out = 1 << 127
    while exponent:
        if exponent & 1:
            out = times(out, a)
        a, exponent = times(a, a), exponent >> 1
    return out


def inverse(a):
    return power(a, 2**128 - 2)


def block_cipher(key, block):
    """Return one block encrypted: the key stream of counter mode that begins at this block."""
    return Cipher(algorithms.AES(key), modes.CTR(block)).encryptor().update(bytes(16))


def number(block):
    return int.from_bytes(block, "big")


def two_faced(one, other, plain_one, plain_other, length):
    """Return ciphertext and tag that open under both (key, nonce) pairs.

    Under the first pair the first block reads ``plain_one``, under the other the second block reads ``plain_other``;
    the third block is the free one, all others are zero. The length, in bytes, is a multiple of 16.
    """
    counters = [count.to_bytes(4, "big") for count in (1, 2, 3)]
    streams = [[block_cipher(key, nonce + counter) for counter in counters] for key, nonce in (one, other)]
    blocks = [bytes(16)] * (length // 16)
    blocks[0] = bytes(a ^ b for a, b in zip(plain_one, streams[0][1], strict=True))
    blocks[1] = bytes(a ^ b for a, b in zip(plain_other, streams[1][2], strict=True))
    tags = [tag_of(key, stream[0], blocks) for (key, _), stream in zip((one, other), streams, strict=True)]
    factor = 0
    for key, _ in (one, other):
        factor ^= power(hash_key(key), len(blocks) - 1)
    blocks[2] = times(tags[0] ^ tags[1], inverse(factor)).to_bytes(16, "big")
    whole = b"".join(blocks) + tag_of(one[0], streams[0][0], blocks).to_bytes(16, "big")
    for key, nonce in (one, other):
        AESGCM(key).decrypt(nonce, whole, b"")
    return whole


def hash_key(key):
    return number(block_cipher(key, bytes(16)))


def tag_of(key, mask, blocks):
    """Return the tag of AES-GCM over these blocks of ciphertext, without further data."""
    h, value = hash_key(key), 0
    for block in [*blocks, (0).to_bytes(8, "big") + (128 * len(blocks)).to_bytes(8, "big")]:
        value = times(value ^ number(block), h)
    return value ^ number(mask)
