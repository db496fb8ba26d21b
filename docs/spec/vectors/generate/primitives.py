"""Hashes, trees, keys and canonical JSON, spelt out byte by byte as ``encoding.md`` and ``log.md`` word them."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "log.example/linyi"
WITNESS = "witness.example/notary"
START = 1_800_000_000  # 2027-01-15T08:00:00Z


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def secret(label):
    """Return 32 bytes that anyone can make again."""
    return sha(b"mifeng vector " + label.encode())


def tuple_bytes(*items):
    out = bytes([len(items)])
    for item in items:
        out += len(item).to_bytes(8, "big") + item
    return out


def labelled(label, *items):
    return sha(tuple_bytes(label.encode(), *items))


def keyed(key, label, *items):
    """HMAC as RFC 2104 words it."""
    block = (sha(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = sha(bytes(one ^ 0x36 for one in block) + tuple_bytes(label.encode(), *items))
    return sha(bytes(one ^ 0x5C for one in block) + inner)


def jcs(value):
    """Return canonical JSON; enough for values that hold ASCII keys, text, booleans and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def leaf_hash(leaf):
    return sha(b"\x00" + leaf)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def consistency(m, leaves):
    return subproof(m, leaves, True) if m else []


class Key:
    def __init__(self, name, kind, seed):
        self.name, self.kind, self.seed = name, kind, seed
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes_raw()
        self.key_id = sha(name.encode() + b"\n" + bytes([kind]) + self.public)[:4]
        self.vkey = f"{name}+{self.key_id.hex()}+{b64(bytes([kind]) + self.public)}"

    def line(self, text):
        return f"\u2014 {self.name} {b64(self.key_id + self.private.sign(text.encode()))}\n"

    def cosignature(self, text, at):
        signature = self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"\u2014 {self.name} {b64(self.key_id + at.to_bytes(8, 'big') + signature)}\n"


def checkpoint_text(size, root, origin=ORIGIN):
    return f"{origin}\n{size}\n{b64(root)}\n"


LOG = Key(ORIGIN, 1, secret("log key"))
NOTARY = Key(WITNESS, 4, secret("witness key"))
STRANGER = Key("witness.example/stranger", 4, secret("stranger"))
FORGER = Key(ORIGIN, 1, secret("forger"))
