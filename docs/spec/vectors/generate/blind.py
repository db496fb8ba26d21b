"""Vectors of ``blind.md``: key, codes, orders, lots, a mapping with its mutants, committed scores with theirs.

Three sites, four bids under review (the third of the close list was not qualified), five seats, one successor, and a
second round. Two labels stand here only because their codes for the first bid collide at counter 0; they were found by
trying a million and a half.
"""

import copy
import json

from primitives import jcs, keyed, labelled, secret, tuple_bytes

LOT, OTHER = secret("blind lot"), secret("blind other lot")
K_OP = secret("blind k_op")
SEEDS = [secret(f"blind seed {site}") for site in (1, 2, 3)]
POSITIONS = [1, 2, 4, 5]
SEATS = ["host/1", "host/2", "buyer", "wuyuan/1", "dengkou/1"]
SUCCESSOR = "wuyuan/1.2"
COLLIDING = ["E1616894", "E1737308"]
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def number(value):
    return str(value).encode()


def blind_key(k_op, seeds):
    return keyed(k_op, "BK", *seeds)


def code(key, lot, round_, seat, position, counter):
    mac = code_mac(key, lot, round_, seat, position, counter)
    bits = "".join(f"{byte:08b}" for byte in mac[:5])
    return "".join(ALPHABET[int(bits[start : start + 5], 2)] for start in range(0, 40, 5))


def code_mac(key, lot, round_, seat, position, counter):
    return keyed(key, "code", lot, number(round_), seat.encode(), number(position), number(counter))


def standing(key, lot, round_, seat, position):
    return keyed(key, "ord", lot, number(round_), seat.encode(), number(position))


def issue(key, lot, round_, seats, positions, taken, counter=None):
    """Return an issue with the smallest counter for which no code occurs twice, or with a given one."""
    tried = 0 if counter is None else counter
    while True:
        codes = [code(key, lot, round_, seat, position, tried) for seat in seats for position in positions]
        if counter is not None or len(set(codes + taken)) == len(codes) + len(taken):
            break
        tried += 1
    rows = []
    for seat in seats:
        order = sorted(positions, key=lambda position, seat=seat: standing(key, lot, round_, seat, position))
        lines = [{"code": code(key, lot, round_, seat, one, tried), "position": one} for one in order]
        rows.append({"seat": seat, "codes": lines})
    return {"round": round_, "counter": tried, "seats": rows}


def codes_of(issues):
    return [line["code"] for one in issues for seat in one["seats"] for line in seat["codes"]]


def mapping(k_op=K_OP, lot=LOT, seeds=SEEDS):
    key = blind_key(k_op, seeds)
    issues = [issue(key, lot, 1, SEATS, POSITIONS, [])]
    issues.append(issue(key, lot, 1, [SUCCESSOR], POSITIONS, codes_of(issues)))
    issues.append(issue(key, lot, 2, SEATS[:3], POSITIONS, codes_of(issues)))
    return {"format": "mifeng-blind/1", "lot_ref": lot.hex(), "k_op": k_op.hex(), "issues": issues}


def grounds(**changes):
    plain = {
        "lot_ref": LOT.hex(),
        "committed": labelled("BK op", LOT, K_OP).hex(),
        "seeds": [seed.hex() for seed in SEEDS],
        "positions": POSITIONS,
    }
    return plain | changes


def changed(change):
    made = copy.deepcopy(mapping())
    change(made["issues"])
    return made


def swap(issues):
    lines = issues[0]["seats"][0]["codes"]
    lines[0], lines[1] = lines[1], lines[0]


def relabel(issues):
    """Give two bids of one seat each other's code."""
    lines = issues[0]["seats"][1]["codes"]
    lines[0]["code"], lines[1]["code"] = lines[1]["code"], lines[0]["code"]


def one_letter(issues):
    line = issues[1]["seats"][0]["codes"][2]
    line["code"] = line["code"][:-1] + ("0" if line["code"][-1] != "0" else "1")


def drop(issues):
    issues[0]["seats"][2]["codes"].pop()


def second_counter(issues):
    """Codes and orders all fit, but the smallest counter was passed over."""
    issues[2] = issue(blind_key(K_OP, SEEDS), LOT, 2, SEATS[:3], POSITIONS, codes_of(issues[:2]), counter=1)


def twice(issues):
    key = blind_key(K_OP, SEEDS)
    issues[1] = issue(key, LOT, 1, [SEATS[4]], POSITIONS, codes_of(issues[:1]))


def later(issues):
    issues[2] = issue(blind_key(K_OP, SEEDS), LOT, 3, SEATS[:3], POSITIONS, codes_of(issues[:2]))


def backwards(issues):
    """The second round was issued before the successor of the first."""
    issues[1], issues[2] = issues[2], issues[1]


def extra(issues):
    key = blind_key(K_OP, SEEDS)
    issues[0] = issue(key, LOT, 1, SEATS, [1, 2, 3, 4, 5], [])


def mutants():
    first = [f"issue 1 {seat}" for seat in SEATS]
    other_key = mapping(secret("blind k_op chosen later"))
    everywhere = [
        (f"issue {count} {seat['seat']}", seat)
        for count, one in enumerate(mapping()["issues"], 1)
        for seat in one["seats"]
    ]
    return [
        ("nothing changed", mapping(), grounds(), []),
        ("commitment to another key", other_key, grounds(), [("commitment-wrong", "")]),
        ("another commitment in the log", mapping(), grounds(committed=OTHER.hex()), [("commitment-wrong", "")]),
        ("made for another lot", mapping(lot=OTHER), grounds(), [("lot-other", ""), ("commitment-wrong", "")]),
        ("two bids shown in exchanged places", changed(swap), grounds(), [("order-wrong", first[0])]),
        (
            "two bids under exchanged codes",
            changed(relabel),
            grounds(),
            [("code-wrong", f"{first[1]} {position}") for position in positions_of(0, 1)[:2]],
        ),
        (
            "one letter of a code",
            changed(one_letter),
            grounds(),
            [("code-wrong", f"issue 2 {SUCCESSOR} {positions_of(1, 0)[2]}")],
        ),
        ("a bid kept from a seat", changed(drop), grounds(), [("positions-wrong", first[2])]),
        ("a bid that was not qualified", changed(extra), grounds(), [("positions-wrong", seat) for seat in first]),
        ("a counter chosen", changed(second_counter), grounds(), [("counter-wrong", "issue 3")]),
        ("a seat that got codes twice", changed(twice), grounds(), [("seat-twice", "issue 2 dengkou/1")]),
        ("a round left out", changed(later), grounds(), [("round-wrong", "issue 3")]),
        ("rounds that run backwards", changed(backwards), grounds(), [("round-wrong", "issue 3")]),
        (
            "seeds in another order",
            mapping(),
            grounds(seeds=[seed.hex() for seed in SEEDS[::-1]]),
            [pair for place, seat in everywhere for pair in wrong_key(place, seat)],
        ),
    ]


def wrong_key(place, seat):
    """Return the faults of a seat whose codes and orders were made with another key; order only where it differs."""
    key = blind_key(K_OP, SEEDS[::-1])
    round_ = 2 if place.startswith("issue 3") else 1
    shown = [line["position"] for line in seat["codes"]]
    ordered = sorted(shown, key=lambda one: standing(key, LOT, round_, seat["seat"], one))
    found = [] if shown == ordered else [("order-wrong", place)]
    return found + [("code-wrong", f"{place} {one}") for one in shown]


def positions_of(number_, seat):
    return [line["position"] for line in mapping()["issues"][number_]["seats"][seat]["codes"]]


def refused():
    plain = json.dumps(mapping())

    def with_(**changes):
        return jcs(json.loads(plain) | changes).decode()

    def inside(path, value):
        made = json.loads(plain)
        place = made
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return jcs(made).decode()

    seat = ["issues", 0, "seats", 0]
    line = [*seat, "codes", 0]
    return [
        ("another format", with_(format="mifeng-blind/2")),
        ("a short key", with_(k_op=K_OP.hex()[2:])),
        ("capitals", with_(lot_ref=LOT.hex().upper())),
        ("a key more", with_(note="x")),
        ("issues that are no list", with_(issues={})),
        ("round 0", inside(["issues", 0, "round"], 0)),
        ("counter below 0", inside(["issues", 0, "counter"], -1)),
        ("counter as truth value", inside(["issues", 0, "counter"], False)),
        ("counter as text", inside(["issues", 0, "counter"], "0")),
        ("a seat without label", inside([*seat, "seat"], "")),
        ("a seat with a blank", inside([*seat, "seat"], "host 1")),
        ("a seat that is a number", inside([*seat, "seat"], 1)),
        ("a label of 65 characters", inside([*seat, "seat"], "a" * 65)),
        ("a code of seven characters", inside([*line, "code"], "7QKM2X4")),
        ("a letter that the alphabet lacks", inside([*line, "code"], "7QKM2X4U")),
        ("small letters", inside([*line, "code"], "7qkm2x4d")),
        ("a code that is a number", inside([*line, "code"], 12345678)),
        ("position 0", inside([*line, "position"], 0)),
        ("white space", json.dumps(mapping())),
    ]


def item(id_, name, part, kind, most, step):
    plain = {"id": id_, "name": name, "part": part, "kind": kind}
    return plain | {"min": "0", "max": most, "step": step, "weight": "1"}


TEMPLATE = jcs(
    {
        "format": "mifeng-template/1",
        "version": 1,
        "procedure": "open-tender",
        "category": "goods",
        "fixed_price": False,
        "items": [
            item("t1", "技术方案", "technical", "subjective", "40", "0.5"),
            item("t2", "技术参数", "technical", "objective", "20", "5"),
            item("b1", "同类业绩", "business", "objective", "10", "2"),
            item("p", "价格", "price", "price", "30", "0"),
        ],
        "rounding": "half-up",
        "price_places": 2,
        "mean_places": 2,
        "extreme": "0",
        "deductions": [{"id": "small", "kind": "small-firm", "rate": "0.15", "on": "running"}],
        "low_price": {"mean": "0.5", "second": "0.5", "ceiling": "0.45"},
        "ties": "draw",
        "candidates": 3,
    }
)
TEMPLATE_HASH = labelled("SC1 template", TEMPLATE)
SCORES = [("27.5", "20", ""), ("40", "15", "第12页，两条产线互为备份"), ("18", "20", ""), ("22.5", "10", "")]


def sheet(seat=0, **changes):
    codes = [line["code"] for line in mapping()["issues"][0]["seats"][seat]["codes"]]
    scores = {
        code: {"t1": {"score": first, "remark": remark}, "t2": {"score": second, "remark": ""}}
        for code, (first, second, remark) in zip(codes, SCORES, strict=True)
    }
    plain = {
        "format": "mifeng-sheet/1",
        "lot_ref": LOT.hex(),
        "round": 1,
        "seat": SEATS[seat],
        "part": "technical",
        "template": TEMPLATE_HASH.hex(),
        "scores": scores,
    }
    return jcs(plain | changes)


def committed(salt, text):
    return labelled("SC1", salt, text)


def commitments():
    salt, other = secret("blind salt"), secret("blind other salt")
    codes = sorted(json.loads(sheet())["scores"])
    named = {
        "lot_ref": LOT.hex(),
        "round": 1,
        "seat": SEATS[0],
        "part": "technical",
        "template": TEMPLATE_HASH.hex(),
        "codes": codes,
    }
    own = committed(salt, sheet())
    raised = sheet().replace(b'"27.5"', b'"28.5"')
    strange = sheet(scores=json.loads(sheet(1))["scores"])
    rows = [
        ("as committed", own, salt, sheet(), ""),
        ("a score raised afterwards", own, salt, raised, "tampered"),
        ("another salt", own, other, sheet(), "tampered"),
        ("a commitment copied from another seat", committed(salt, sheet(1)), salt, sheet(1), "tampered"),
        ("of another lot", committed(salt, sheet(lot_ref=OTHER.hex())), salt, sheet(lot_ref=OTHER.hex()), "tampered"),
        ("of another round", committed(salt, sheet(round=2)), salt, sheet(round=2), "tampered"),
        ("of another part", committed(salt, sheet(part="business")), salt, sheet(part="business"), "tampered"),
        (
            "by another template",
            committed(salt, sheet(template="00" * 32)),
            salt,
            sheet(template="00" * 32),
            "tampered",
        ),
        ("under codes of another seat", committed(salt, strange), salt, strange, "tampered"),
        ("not canonical", committed(salt, sheet() + b"\n"), salt, sheet() + b"\n", "misshapen"),
        ("a short salt", committed(salt[1:], sheet()), salt[1:], sheet(), "misshapen"),
    ]
    return named, [
        {"name": name, "committed": hashed.hex(), "salt": salted.hex(), "sheet": text.decode(), "error": error}
        for name, hashed, salted, text, error in rows
    ]


def collision(key):
    made = issue(key, LOT, 1, COLLIDING, [1], [])
    clash = [code(key, LOT, 1, seat, 1, 0) for seat in COLLIDING]
    if made["counter"] != 1 or clash[0] != clash[1]:
        raise SystemExit("the labels that should collide do not")
    after = issue(key, LOT, 1, COLLIDING[1:], [1], clash[:1])
    return {"clash": clash[0], "together": made, "before": COLLIDING[0], "after": after}


def tuples():
    """Return what is hashed or keyed for the commitment, the key, and the first seat's first bid."""
    place = (LOT, number(1), SEATS[0].encode(), number(1))
    return {
        "BK op": tuple_bytes(b"BK op", LOT, K_OP),
        "BK": tuple_bytes(b"BK", *SEEDS),
        "code": tuple_bytes(b"code", *place, number(0)),
        "ord": tuple_bytes(b"ord", *place),
        "tie": tuple_bytes(b"tie", LOT, number(1), number(1)),
    }


def blind():
    key, made = blind_key(K_OP, SEEDS), mapping()
    named, rows = commitments()
    return {
        "lot_ref": LOT.hex(),
        "k_op": K_OP.hex(),
        "seeds": [seed.hex() for seed in SEEDS],
        "positions": POSITIONS,
        "tuples": {name: data.hex() for name, data in tuples().items()},
        "commitment": labelled("BK op", LOT, K_OP).hex(),
        "k_blind": key.hex(),
        "seats": [
            {
                "seat": seat,
                "round": one["round"],
                "position": position,
                "counter": one["counter"],
                "mac": code_mac(key, LOT, one["round"], seat, position, one["counter"]).hex(),
                "code": code(key, LOT, one["round"], seat, position, one["counter"]),
                "ord": standing(key, LOT, one["round"], seat, position).hex(),
            }
            for one in made["issues"]
            for seat in [row["seat"] for row in one["seats"]]
            for position in POSITIONS
        ],
        "lots": [
            {
                "round": round_,
                "position": position,
                "lot": keyed(key, "tie", LOT, number(round_), number(position)).hex(),
            }
            for round_ in (1, 2)
            for position in POSITIONS
        ],
        "mapping": jcs(made).decode(),
        "collision": collision(key),
        "mutants": [
            {
                "name": name,
                "mapping": jcs(given).decode(),
                "grounds": known,
                "faults": [{"code": fault, "place": place} for fault, place in faults],
            }
            for name, given, known, faults in mutants()
        ],
        "refused": [{"name": name, "text": text} for name, text in refused()],
        "template": {"text": TEMPLATE.decode(), "hash": TEMPLATE_HASH.hex()},
        "named": named,
        "sheets": rows,
    }
