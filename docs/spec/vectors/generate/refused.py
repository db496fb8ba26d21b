"""What a reader of a policy, a header or a container refuses: the sound one with a few bytes changed."""

import copy

from hpke import point
from primitives import b64, jcs, secret
from sealed import BASE, CERTIFICATE, PARTS, policy, scalar, wrap

COMPRESSED = bytes([2 + BASE.core["submit_key"].endswith(tuple("13579bdf"))]).hex() + BASE.core["submit_key"][2:66]
OFF_CURVE = "04" + "11" * 64


def patch(before, after):
    """Return in which bytes two texts differ: at a place so many are removed, others inserted."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return {"at": start, "remove": len(before) - end - start, "insert": after[start : len(after) - end].decode()}


def listed(cases, before):
    return [{"name": name, **patch(before, after if isinstance(after, bytes) else jcs(after))} for name, after in cases]


def changed(value, *path, to=None, drop=False):
    """Return a copy with one place changed or left out."""
    value = copy.deepcopy(value)
    place = value
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return value


def bad_policies():
    whole, text = policy(), jcs(policy())
    return [
        ("not JSON", b"policy"),
        ("white space", text.replace(b'"v":1', b'"v": 1')),
        ("a list", b"[]"),
        ("another version", changed(whole, "v", to=2)),
        ("a key more", changed(whole, "deadline", to="2027-01-15")),
        ("a key less", changed(whole, "demo", drop=True)),
        ("n is not the number of trustees", changed(whole, "n", to=4)),
        ("t as text", changed(whole, "t", to="2")),
        ("t as truth value", changed(whole, "t", to=True)),
        ("demo as number", changed(whole, "demo", to=0)),
        ("trustees as object", changed(whole, "trustees", to={})),
        ("a trustee with an address", changed(whole, "trustees", 0, "address", to="a")),
        ("a trustee without a name", changed(whole, "trustees", 0, "name", to="")),
        ("a key beside the curve", changed(whole, "trustees", 0, "hpke", to=OFF_CURVE)),
        ("a compressed key", changed(whole, "trustees", 0, "hpke", to=COMPRESSED)),
        ("a signing key too short", changed(whole, "trustees", 0, "verify", to="00" * 31)),
        ("a reference in capitals", changed(whole, "lot_ref", to="A" * 64)),
        ("a log key that is a witness's", changed(whole, "log", to=whole["witnesses"][0])),
        ("a witness that is the log", changed(whole, "witnesses", 0, to=whole["log"])),
        ("a log key with a newline", changed(whole, "log", to=whole["log"] + "\n")),
        ("no limit", changed(whole, "limits", to={})),
        ("a limit of nothing", changed(whole, "limits", "envelope_bytes", to=0)),
        ("a stage without id", changed(whole, "stages", 0, to={})),
        ("no window", changed(whole, "window_minutes", to=0)),
    ]


def unsound_policies():
    whole = policy()
    same_body = changed(whole, "trustees", 1, "organisation", to="body 1")
    same_name = changed(whole, "trustees", 1, "name", to="trustee-1")
    same_hpke = changed(whole, "trustees", 1, "hpke", to=whole["trustees"][0]["hpke"])
    same_verify = changed(whole, "trustees", 1, "verify", to=whole["trustees"][0]["verify"])
    same_contributor = changed(whole, "contributors", 1, "name", to="witness-1")
    same_vrf = changed(whole, "contributors", 1, "vrf", to=whole["contributors"][0]["vrf"])
    return [
        ("suite", changed(whole, "suite", to="S1")),
        ("mode", changed(whole, "mode", to="T")),
        ("stages", changed(whole, "stages", to=[{"id": "1"}, {"id": "2"}])),
        ("parts", changed(whole, "parts", to=PARTS[:-1])),
        ("threshold", changed(whole, "t", to=1)),
        ("threshold", changed(whole, "t", to=3)),
        ("organisations", same_body),
        ("names", same_name),
        ("names", same_contributor),
        ("keys", same_hpke),
        ("keys", same_verify),
        ("keys", same_vrf),
    ]


def malformed():
    whole, text = BASE.header, BASE.text
    stanza, slot = whole["stanzas"]["trustees"][0], whole["stanzas"]["bidder"][0]
    points = whole["core"]["stages"][0]["C"]
    second = {"id": "2", "C": points}
    cases = [
        ("white space", text.replace(b'"v":1', b'"v": 1')),
        ("newline at the end", text + b"\n"),
        ("a key twice", text.replace(b'"mode":"A",', b'"mode":"A","mode":"A",')),
        (
            "keys out of order",
            text.replace(b'"mode":"A","parts":[', b'"parts":[').replace(b'"prev"', b'"mode":"A","prev"'),
        ),
        ("an escape", text.replace(b'"A"', b'"\\u0041"')),
        ("a list", b"[]"),
        ("a certificate in the header", changed(whole, "certificate", to=b64(CERTIFICATE))),
        ("a name in the core", changed(whole, "core", "name", to="甲公司")),
        ("recipients beside the stanzas", changed(whole, "stanzas", "recipients", to=["CA"])),
        ("a hint on a slot", changed(whole, "stanzas", "bidder", 0, to={"hint": "CA", "data": slot})),
        ("a name on a part", changed(whole, "parts", 0, "name", to="甲公司")),
        ("no stanzas", changed(whole, "stanzas", drop=True)),
        ("another version of the format", changed(whole, "core", "v", to=2)),
        ("version of the format as truth value", changed(whole, "core", "v", to=True)),
        ("version 0", changed(whole, "core", "version", to=0)),
        ("a second version without the first", changed(whole, "core", "version", to=2)),
        ("a first version with one before it", changed(whole, "core", "prev", to="00" * 32)),
        ("prev is a truth value", changed(changed(whole, "core", "version", to=2), "core", "prev", to=False)),
        ("prev too short", changed(changed(whole, "core", "version", to=2), "core", "prev", to="00" * 31)),
        ("suite as number", changed(whole, "core", "suite", to=1)),
        ("no mode", changed(whole, "core", "mode", to="")),
        ("hexadecimal in capitals", changed(whole, "core", "sB_commit", to="A" * 64)),
        ("half a byte", changed(whole, "core", "sB_commit", to="a" * 63)),
        ("a submit key beside the curve", changed(whole, "core", "submit_key", to=OFF_CURVE)),
        ("a compressed submit key", changed(whole, "core", "submit_key", to=COMPRESSED)),
        ("C with infinity", changed(whole, "core", "stages", 0, "C", 1, to="00")),
        ("C with infinity in 65 bytes", changed(whole, "core", "stages", 0, "C", 1, to="04" + "00" * 64)),
        ("C with a coordinate beyond the field", changed(whole, "core", "stages", 0, "C", 1, to="04" + "ff" * 64)),
        ("C beside the curve", changed(whole, "core", "stages", 0, "C", 0, to=OFF_CURVE)),
        ("C with one point", changed(whole, "core", "stages", 0, "C", to=points[:1])),
        ("C without points", changed(whole, "core", "stages", 0, "C", to=[])),
        ("another stage", changed(whole, "core", "stages", 0, "id", to="2")),
        ("two stages", changed(whole, "core", "stages", to=[whole["core"]["stages"][0], second])),
        ("no stage", changed(whole, "core", "stages", to=[])),
    ]
    return cases + malformed_parts() + malformed_stanzas(stanza, slot)


def malformed_parts():
    whole = BASE.header
    core, closed = whole["core"]["parts"], whole["parts"]
    return [
        ("a part missing in the core", changed(whole, "core", "parts", to=core[:-1])),
        ("parts of the core in another order", changed(whole, "core", "parts", to=[core[1], core[0], *core[2:]])),
        ("a part in another stage", changed(whole, "core", "parts", 0, "stage", to="2")),
        ("a part not padded", changed(whole, "core", "parts", 0, "padded_len", to=4097)),
        ("a part smaller than the smallest", changed(whole, "core", "parts", 0, "padded_len", to=2048)),
        ("a part missing", changed(whole, "parts", to=closed[:-1])),
        ("parts in another order", changed(whole, "parts", to=[closed[1], closed[0], *closed[2:]])),
        ("a ciphertext one byte longer", changed(whole, "parts", 0, "ct_len", to=closed[0]["ct_len"] + 1)),
        ("a ciphertext without length", changed(whole, "parts", 0, "ct_len", drop=True)),
        ("a hash too short", changed(whole, "parts", 0, "ct_hash", to="00" * 31)),
        ("a ciphertext twice", changed(whole, "parts", 1, "ct_hash", to=closed[0]["ct_hash"])),
    ]


def malformed_stanzas(stanza, slot):
    whole = BASE.header
    slots, beside = whole["stanzas"]["bidder"], OFF_CURVE + stanza[130:]
    return [
        ("three slots", changed(whole, "stanzas", "bidder", to=slots[:3])),
        ("five slots", changed(whole, "stanzas", "bidder", to=[*slots, stanza])),
        ("one trustee", changed(whole, "stanzas", "trustees", to=[stanza])),
        ("a stanza one byte short", changed(whole, "stanzas", "trustees", 0, to=stanza[:-2])),
        (
            "a stanza whose key is beside the curve",
            changed(whole, "stanzas", "trustees", 0, to=beside),
        ),
        ("a stanza twice", changed(whole, "stanzas", "trustees", 1, to=stanza)),
        ("a slot twice", changed(whole, "stanzas", "bidder", 1, to=slot)),
    ]


def other_policy():
    whole = BASE.header
    points = [*whole["core"]["stages"][0]["C"], point(scalar("a2")).hex()]
    fourth = wrap(secret("x"), point(scalar("x")), BASE.core_hash, "trustee", 4)["data"]
    return [
        ("policy_hash", changed(whole, "core", "policy_hash", to=secret("another policy").hex())),
        ("lot_ref", changed(whole, "core", "lot_ref", to=secret("another lot").hex())),
        ("suite", changed(whole, "core", "suite", to="I0")),
        ("suite", changed(whole, "core", "suite", to="S1")),
        ("mode", changed(whole, "core", "mode", to="T")),
        ("t", changed(whole, "core", "stages", 0, "C", to=points)),
        ("stanzas", changed(whole, "stanzas", "trustees", to=[*whole["stanzas"]["trustees"], fourth])),
        ("stanzas", changed(whole, "stanzas", "trustees", to=whole["stanzas"]["trustees"][:2])),
    ]


def bad_containers():
    size, begin = len(BASE.container), 8 + len(BASE.text)
    first = len(BASE.parts["readout"])
    cases = [
        ("nothing", "malformed", 0, size, b""),
        ("magic changed", "malformed", 2, 1, b"2"),
        ("magic only", "malformed", 4, size - 4, b""),
        ("header cut off", "malformed", 100, size - 100, b""),
        ("header longer than it may be", "malformed", 4, 4, (2**18 + 1).to_bytes(4, "big")),
        ("header one byte longer", "malformed", 4, 4, (len(BASE.text) + 1).to_bytes(4, "big")),
        ("last byte missing", "malformed", size - 1, 1, b""),
        ("last part missing", "malformed", size - len(BASE.parts["identity"]), len(BASE.parts["identity"]), b""),
        ("one byte behind", "malformed", size, 0, b"\x00"),
        ("a byte of the first part changed", "tampered", begin, 1, bytes([BASE.container[begin] ^ 1])),
        ("a byte of the last part changed", "tampered", size - 1, 1, bytes([BASE.container[-1] ^ 1])),
        ("two parts exchanged", "tampered", begin, 2 * first, BASE.parts["price"] + BASE.parts["readout"]),
    ]
    return [
        {"name": name, "found": found, "at": at, "remove": remove, "insert": b64(insert)}
        for name, found, at, remove, insert in cases
    ]
