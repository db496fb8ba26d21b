"""Vectors of the tree: the eight inputs that RFC 6962 implementations share, and a log of 70,000 leaves in tiles."""

from primitives import consistency, leaf_hash, mth, path, sha


def tree():
    reference = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [bytes.fromhex(text) for text in reference]
    roots = [mth(leaves[:size]).hex() for size in range(9)]
    inclusion = [
        {"index": index, "size": size, "proof": [step.hex() for step in path(index, leaves[:size])]}
        for size in range(1, 9)
        for index in range(size)
    ]
    steps = [
        {"old_size": old, "size": size, "proof": [step.hex() for step in consistency(old, leaves[:size])]}
        for size in range(9)
        for old in range(size + 1)
    ]
    return {
        "leaves": reference,
        "leaf_hashes": [leaf_hash(leaf).hex() for leaf in leaves],
        "roots": roots,
        "inclusion": inclusion,
        "consistency": steps,
        "refused_inclusion": refused_inclusion(leaves),
        "refused_consistency": refused_consistency(leaves),
        "tiles": tiles(),
    }


def refused_inclusion(leaves):
    good, root, leaf = path(2, leaves[:7]), mth(leaves[:7]), leaf_hash(leaves[2])
    base = {"index": 2, "size": 7, "leaf_hash": leaf, "proof": good, "root": root}
    changed = [
        ("another index", {"index": 3}),
        ("another size", {"size": 3}),
        ("another leaf", {"leaf_hash": leaf_hash(leaves[3])}),
        ("another root", {"root": mth(leaves[:6])}),
        ("a step missing", {"proof": good[:-1]}),
        ("a step too many", {"proof": [*good, good[0]]}),
        ("steps swapped", {"proof": [good[1], good[0], *good[2:]]}),
        ("no steps", {"proof": []}),
        ("a short step", {"proof": [good[0][:31], *good[1:]]}),
    ]
    return [{"name": name, **shown({**base, **change})} for name, change in changed]


def refused_consistency(leaves):
    good = consistency(3, leaves[:7])
    base = {"old_size": 3, "size": 7, "old_root": mth(leaves[:3]), "root": mth(leaves[:7]), "proof": good}
    power = consistency(4, leaves[:7])
    other = [*leaves[:2], b"other"]
    changed = [
        ("another old root", {"old_root": mth(other)}),
        ("another root", {"root": mth([*other, *leaves[3:7]])}),
        ("another old size", {"old_size": 2}),
        ("a step missing", {"proof": good[:-1]}),
        ("a step too many", {"proof": [*good, good[0]]}),
        ("no steps", {"proof": []}),
        ("a short step", {"proof": [good[0][:31], *good[1:]]}),
        ("power of two, no steps", {"old_size": 4, "old_root": mth(leaves[:4]), "proof": []}),
        ("power of two, another old root", {"old_size": 4, "old_root": mth(leaves[1:5]), "proof": power}),
        ("same size, other root", {"size": 3, "root": mth(other), "proof": []}),
        ("same size, needless step", {"size": 3, "root": mth(leaves[:3]), "proof": good[:1]}),
        ("from nothing, needless step", {"old_size": 0, "old_root": sha(b""), "proof": good[:1]}),
        ("from nothing that was something", {"old_size": 0, "old_root": mth(leaves[:1]), "proof": []}),
    ]
    return [{"name": name, **shown({**base, **change})} for name, change in changed]


def shown(case):
    out = {}
    for key, value in case.items():
        if isinstance(value, bytes):
            value = value.hex()
        elif isinstance(value, list):
            value = [step.hex() for step in value]
        out[key] = value
    return out


def tiles():
    size = 70_000
    leaves = [index.to_bytes(32, "big") for index in range(size)]
    level0 = [leaf_hash(leaf) for leaf in leaves]
    level1 = [above(level0[at : at + 256]) for at in range(0, size - size % 256, 256)]
    level2 = [above(level1[:256])]
    rows = [
        ("0/0", level0[:256]),
        ("0/272", level0[272 * 256 : 273 * 256]),
        ("0/273", level0[273 * 256 :]),
        ("1/0", level1[:256]),
        ("1/1", level1[256:]),
        ("2/0", level2),
    ]
    proofs = [
        {"index": index, "proof": [step.hex() for step in path(index, leaves)]} for index in (0, 255, 256, 65535, 69999)
    ]
    steps = [
        {"old_size": old, "proof": [step.hex() for step in consistency(old, leaves)]} for old in (1, 256, 65535, 65536)
    ]
    return {
        "leaf": "the index as 32 bytes, big-endian",
        "size": size,
        "root": mth(leaves).hex(),
        "tiles": [{"tile": name, "width": len(row), "sha256": sha(b"".join(row)).hex()} for name, row in rows],
        "inclusion": proofs,
        "consistency": steps,
    }


def above(row):
    while len(row) > 1:
        row = [sha(b"\x01" + row[at] + row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]
