"""What is brought to an opening, by trustees and bidders, and what comes of it."""

import copy

from chunked import derived, encrypt
from hpke import point
from primitives import b64, jcs, labelled, secret
from refused import patch
from salamander import two_faced
from sealed import (
    BASE,
    FILES,
    ORDER,
    PARTS,
    S_B,
    TRUSTEES,
    identity_files,
    index_of,
    part_context,
    part_key,
    plaintext_of,
    scalar_bytes,
    share,
    wrap,
)


def bad_shares():
    """Return stanzas that trustee 1 must answer with ``bad``."""
    mine, bound = point(TRUSTEES[0]), BASE.core_hash
    cases = [
        ("off by one", (share(1) + 1) % ORDER, mine, bound, "trustee", 1),
        ("of another trustee", share(2), mine, bound, "trustee", 1),
        ("zero", 0, mine, bound, "trustee", 1),
        ("the order", ORDER, mine, bound, "trustee", 1),
        ("all ones", 2**256 - 1, mine, bound, "trustee", 1),
        ("wrapped to another key", share(1), point(TRUSTEES[1]), bound, "trustee", 1),
        ("wrapped for another place", share(1), mine, bound, "trustee", 2),
        ("wrapped for another role", share(1), mine, bound, "bidder", 1),
        ("wrapped for another envelope", share(1), mine, secret("another core"), "trustee", 1),
    ]
    return [
        {"name": name, "stanza": wrap(scalar_bytes(value), *place, f"ephemeral {name}")["data"]}
        for name, value, *place in cases
    ]


def attempts():
    """Return attempts to open: what is brought, and what comes of it."""
    one, two, three = (scalar_bytes(share(index)).hex() for index in (1, 2, 3))
    off = scalar_bytes((share(2) + 1) % ORDER).hex()
    tried = [
        ("all three shares", {}, {"1": one, "2": two, "3": three}, ("", "")),
        ("two of three", {}, {"1": one, "3": three}, ("", "")),
        ("a wrong share beside two right ones", {}, {"1": one, "2": off, "3": three}, ("", "")),
        ("another key", {"s_b": secret("second key").hex()}, {"1": one, "2": two}, ("bidder", "key")),
        ("no share", {}, {}, ("trustee", "share")),
        ("one share", {}, {"1": one}, ("trustee", "share")),
        ("a share off by one", {}, {"1": one, "2": off}, ("trustee", "share")),
        ("shares exchanged", {}, {"1": two, "2": one}, ("trustee", "share")),
        ("a share of zero", {}, {"1": one, "2": "00" * 32}, ("trustee", "share")),
        ("a share of the order", {}, {"1": one, "2": scalar_bytes(ORDER).hex()}, ("trustee", "share")),
        ("a share of a fourth trustee", {}, {"1": one, "4": scalar_bytes(share(4)).hex()}, ("trustee", "share")),
    ]
    for name, part, ciphertext, found in bad_parts():
        header = copy.deepcopy(BASE.header)
        header["parts"][PARTS.index(part)]["ct_hash"] = labelled("BE1 ct", ciphertext).hex()
        brought = {"part": part, "ciphertext": b64(ciphertext), **patch(BASE.text, jcs(header))}
        tried.append((name, brought, {"1": one, "2": two}, found))
    spoilt = BASE.parts["price"][:-1] + bytes([BASE.parts["price"][-1] ^ 1])
    for name, ciphertext in (("bytes gone", b""), ("bytes changed", spoilt)):
        brought = {"part": "price", "ciphertext": b64(ciphertext)}
        tried.append((name, brought, {"1": one, "2": two}, ("platform", "bytes")))
    return [
        {"name": name, "s_b": S_B.hex(), "shares": shares, "fault": found[0], "reason": found[1], **brought}
        for name, brought, shares, found in tried
    ]


def bad_parts():
    """Return ciphertexts a bidder may have made, logged with their right hash."""
    bound, files, salt = BASE.core_hash, FILES["price"], secret("another salt")[:24]
    key, context = part_key(bound, "price"), part_context(bound, "price")
    index = index_of(files)

    def closed(plaintext, key=key, context=context):
        return encrypt(key, context, plaintext, salt)

    plain = plaintext_of(files)
    good = closed(plain)
    longer = jcs([{"name": "a", "media": "text/plain", "size": 5000, "hash": "00" * 32}])
    twice = index_of([*files, *files])
    signed = identity_files(bytes(64))
    bidder = "bidder"
    return [
        ("under another key", "price", closed(plain, key=secret("key")), (bidder, "commitment")),
        ("under another context", "price", closed(plain, context=secret("context")), (bidder, "commitment")),
        ("of another part", "price", closed(plain, part_key(bound, "business")), (bidder, "commitment")),
        ("of another envelope", "price", closed(plain, part_key(secret("core"), "price")), (bidder, "commitment")),
        ("with another commitment", "price", good[:24] + secret("c") + good[56:], (bidder, "commitment")),
        ("with another tag", "price", good[:-1] + bytes([good[-1] ^ 1]), (bidder, "chunk")),
        ("with padding that is not zero", "price", closed(plaintext_of(files, padding=b"\x01")), (bidder, "padding")),
        ("index longer than the part", "price", closed(b"\xff" * 8 + plain[8:]), (bidder, "index")),
        ("index not canonical", "price", closed(plaintext_of(files, index=index + b" ")), (bidder, "index")),
        ("index with a file twice", "price", closed(plaintext_of([*files, *files], index=twice)), (bidder, "index")),
        ("index longer than the files", "price", closed(plaintext_of([], index=longer)), (bidder, "index")),
        (
            "with another file",
            "price",
            closed(plaintext_of([("", "", b"x" * len(files[0][2]))], index=index)),
            (bidder, "file"),
        ),
        ("signed by nobody", "identity", identity_closed(signed), (bidder, "identity")),
        ("without certificate", "identity", identity_closed(signed[:1]), (bidder, "identity")),
    ]


def identity_closed(files):
    bound = BASE.core_hash
    key, context = part_key(bound, "identity"), part_context(bound, "identity")
    return encrypt(key, context, plaintext_of(files), secret("another salt")[:24])


def two_prices():
    """Return a chunk that shows one price under each of two keys, and what it looks like in a part."""
    context, salt = part_context(BASE.core_hash, "price"), secret("two prices")[:24]
    keys = [part_key(BASE.core_hash, "price"), part_key(BASE.core_hash, "price", s_b=secret("second key"))]
    derivations = [derived(key, salt, context) for key in keys]
    one, other = [(chunk_key, base) for chunk_key, base, _ in derivations]
    chunk = two_faced(one, other, b"price  990000.00", b"price 1990000.00", 4096)
    return {
        "context": context.hex(),
        "salt": salt.hex(),
        "keys": [key.hex() for key in keys],
        "chunk_keys": [one[0].hex(), other[0].hex()],
        "nonces": [one[1].hex(), other[1].hex()],
        "commitments": [commitment.hex() for _, _, commitment in derivations],
        "chunk": b64(chunk),
        "shown": [{"at": 0, "text": "price  990000.00"}, {"at": 16, "text": "price 1990000.00"}],
    }
