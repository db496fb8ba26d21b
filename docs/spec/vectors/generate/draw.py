"""Vectors of ``draw.md``: one draw with every value on the way, and what must be found of a false one."""

import copy
import json

from drawn import BODIES, Draw, plain_policy
from ecvrf import vrf
from primitives import LOG, NOTARY, jcs, secret


def draw():
    sound = Draw()
    return {
        "vrf": vrf(),
        "log": LOG.vkey,
        "witness": NOTARY.vkey,
        "draw": sound.shown(),
        "sound": {**sound.grounds, "ratio_min": 1, "disclosure": text(sound.disclosure)},
        "cases": [{"name": name, **case} for name, case in cases(sound)],
        "malformed": [{"name": name, **changed} for name, changed in malformed(sound)],
    }


def text(value):
    return jcs(value).decode()


def changes(before, after, path=()):
    """Return what turns one value into another: for each place that differs its path and what then stands there."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        pairs = [(key, before[key], after[key]) for key in sorted(before)]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = list(zip(range(len(before)), before, after, strict=True))
    else:
        return [] if before == after and type(before) is type(after) else [[list(path), after]]
    return [found for key, one, other in pairs for found in changes(one, other, (*path, key))]


def cases(sound):
    """Yield what differs from the sound draw, and the codes of the faults that a verifier must find."""

    def changed(name, codes, change, **other):
        value = copy.deepcopy(sound.disclosure)
        change(value)
        return name, {**other, "changes": changes(sound.disclosure, value), "codes": codes}

    yield from other_pools(sound, changed)
    yield from other_walks(sound, changed)
    yield from other_seats(sound, changed)
    yield from other_grounds(sound, changed)


def other_pools(sound, changed):
    yield changed("nothing changed", [], unchanged)
    yield changed("another proof of one value", [], other_proof(sound))
    yield changed("another lot", ["handle-wrong"], lambda value: value.update(lot="lot-2"))
    yield changed("another site", ["handle-wrong"], lambda value: value.update(site="dengkou"))
    yield changed("another salt", ["handle-wrong"], lambda value: value.update(salt=secret("x").hex()))
    yield changed("one of three contributions left out", ["contribution-missing"], subset)
    yield changed("one contribution twice", ["contribution-unknown"], twice)
    yield changed("a contribution of a stranger", ["contribution-unknown"], stranger)
    yield changed("two contributions exchanged", ["contribution-wrong", "contribution-wrong"], exchanged)
    yield changed("a proof changed", ["contribution-wrong"], spoilt("pi", 100))
    yield changed("a signature changed", ["contribution-wrong"], spoilt("signature", 8))
    yield changed("a contribution to another pool", ["contribution-wrong"], elsewhere(sound))
    yield changed("another seed", ["seed-wrong", "walk-wrong"], lambda value: value.update(seed=secret("x").hex()))
    yield changed("somebody left out of the pool", ["root-wrong", "sizes-wrong"], left_out(sound.orders["C04"][-1]))
    yield changed("somebody left out of the excluded", ["root-wrong", "sizes-wrong"], emptied)
    yield changed("somebody let in from the excluded", ["root-wrong", "sizes-wrong", *let_in_codes(sound)], let_in)
    yield changed("a leaf exchanged", ["root-wrong"], replaced)
    yield changed("one seat more", ["sizes-wrong"], lambda value: value["cells"][1].update(seats=2))
    yield changed("cells in another order", ["root-wrong", "sizes-wrong", "walk-wrong"], lambda v: v["cells"].reverse())


def other_walks(sound, changed):
    def at(number, **fields):
        return lambda value: value["walk"][number].update(fields)

    order = sound.orders["A08"]
    excluded = sound.cells[0]["tiers"][0]["excluded"][:64]
    far = sound.orders["A08"][-1].hex()
    yield changed("a rank skipped", ["walk-wrong"], at(0, leaf=order[1].hex()))
    yield changed("an excluded person invited", ["walk-wrong"], at(0, leaf=excluded))
    yield changed("the far tier before the near one", ["walk-wrong"], at(0, leaf=far))
    yield changed("a leaf of no list", ["walk-wrong"], at(0, leaf=secret("x").hex()))
    yield changed("a cell that is not drawn", ["walk-wrong"], at(0, cell="B01"))
    yield changed("a cell before its turn", ["walk-wrong"], at(0, cell="C04", leaf=sound.orders["C04"][0].hex()))
    yield changed("more invited than seats are open", ["walk-wrong"], crowded(order))
    yield changed("accepted without an invitation", ["walk-wrong"], at(0, outcome="accepted"))
    yield changed("a refusal without a reason", ["walk-wrong"], at(sound.first("refused"), detail=""))
    yield changed("no evidence of attempts", ["walk-wrong"], at(sound.first("unreachable"), detail=""))
    yield changed("an answer twice", ["walk-wrong"], lambda v: v["walk"].insert(3, copy.deepcopy(v["walk"][2])))
    yield changed("passed over, not accepted elsewhere", ["walk-wrong"], at(0, outcome="already-accepted"))
    own = {"outcome": "already-accepted", "detail": sound.handle.hex()}
    yield changed("passed over as accepted in this draw", ["walk-wrong"], at(0, **own))
    yield changed("an hour that runs back", ["hour-backwards"], at(1, hour="2027-01-01T00Z"))


def other_seats(sound, changed):
    excluded = sound.cells[0]["tiers"][0]["excluded"][:64]
    yield changed("another one seated", ["seat-wrong"], lambda value: value["seats"][0].update(leaf=excluded))
    yield changed("a seat without its holder", ["seat-missing"], lambda value: value["seats"].pop())
    yield changed("another number", ["seat-wrong", "seat-missing"], lambda value: value["seats"][0].update(number=9))
    yield changed("a seat twice", ["seat-wrong"], lambda value: value["seats"].append(value["seats"][0]))
    yield changed("a record of another salt", ["opening-wrong"], opened(salt=secret("x").hex()))
    yield changed("a record of another draw", ["opening-wrong"], opened_record(handle=secret("x").hex()))
    yield changed("a record at another tier", ["opening-wrong"], opened_record(cells={"A08": 9}))
    yield changed("a record without its cell", ["opening-wrong"], opened_record(cells={"B01": 1}))
    yield changed("a record opened twice", ["person-twice"], lambda v: v["openings"].append(v["openings"][0]))


def other_grounds(sound, changed):
    few, one_body = plain_policy(), plain_policy()
    few["contributors"].pop()
    one_body["contributors"][1]["organisation"] = BODIES[0]
    second = Draw(handle_salt=secret("second"))
    both = Draw(listed=[sound.handle, second.handle])
    foreign = {**second.grounds, "notice": both.grounds["notice"]}
    # Of another draw nothing fits, no contribution either, since alpha names the entry of its pool.
    nothing_fits = ["pool-other", "root-wrong", *["contribution-wrong"] * 3]
    yield changed("the pool of another draw", nothing_fits, unchanged, **foreign)
    yield changed("a pool too small for its seats", ["pool-small", "pool-small"], unchanged, ratio_min=5)
    yield "a handle that stood in no notice", case_of(Draw(listed=[]), ["handle-unlisted"])
    yield "the pool before the notice", case_of(Draw(early=True), ["pool-early"])
    yield "another policy in the notice", case_of(Draw(policy_hash=secret("x")), ["policy-other"])
    yield "too few contributors", case_of(Draw(policy=few), ["contributors-few"])
    yield "contributors of one body", case_of(Draw(policy=one_body), ["contributors-few"])
    yield "contributors of one body, sample keys", case_of(Draw(policy=one_body | {"demo": True}), [])
    yield "one person under two leaves", case_of(Draw(twins=True, opened=["p3", "p9"]), ["person-twice"])
    yield "a record of another tier", case_of(Draw(misplaced="p7", opened=["p7"]), ["opening-wrong"])
    yield "an excluded person among the eligible", case_of(Draw(pardoned="p8", opened=["p8"]), ["opening-wrong"])
    yield "an excluded person laid open", case_of(Draw(opened=["p8"]), [])


def unchanged(value):
    del value


def case_of(made, codes):
    return {**made.grounds, "disclosure": text(made.disclosure), "codes": codes}


def other_proof(sound):
    def change(value):
        value["contributions"][0] = sound.contribution(0, nonce=7)

    return change


def subset(value):
    value.update(Draw(counted=[0, 2]).disclosure)


def twice(value):
    value["contributions"].append(value["contributions"][0])


def stranger(value):
    value["contributions"].append(value["contributions"][0] | {"name": "witness-9"})


def exchanged(value):
    first, second, _ = value["contributions"]
    first["name"], second["name"] = second["name"], first["name"]


def spoilt(key, place):
    def change(value):
        given = value["contributions"][1]
        given[key] = given[key][:place] + ("1" if given[key][place] == "0" else "0") + given[key][place + 1 :]

    return change


def elsewhere(sound):
    def change(value):
        value["contributions"][2] = sound.contribution(2, leaf=secret("another entry"))

    return change


def left_out(leaf):
    def change(value):
        tier = value["cells"][1]["tiers"][0]
        tier["eligible"] = tier["eligible"].replace(leaf.hex(), "")

    return change


def emptied(value):
    value["cells"][1]["tiers"][0]["excluded"] = ""


def let_in(value):
    tier = value["cells"][1]["tiers"][0]
    both = tier["eligible"] + tier["excluded"]
    tier["eligible"] = "".join(sorted(both[at : at + 64] for at in range(0, len(both), 64)))
    tier["excluded"] = ""


def let_in_codes(sound):
    """Whoever is let in stands somewhere in the order: a walk that went further has then passed over them."""
    p11 = sound.people["p11"]["leaf"]
    last = [line["leaf"] for line in sound.lines if line["cell"] == "C04"][-1]
    return ["walk-wrong"] if sound.ranks[p11] < sound.ranks[bytes.fromhex(last)] else []


def replaced(value):
    tier = value["cells"][1]["tiers"][-1]
    tier["excluded"] = secret("x").hex()


def crowded(order):
    def change(value):
        extra = {**value["walk"][0], "leaf": order[2].hex()}
        value["walk"].insert(2, extra)

    return change


def opened(**fields):
    return lambda value: value["openings"][0].update(fields)


def opened_record(**fields):
    return lambda value: value["openings"][0]["record"].update(fields)


def malformed(sound):
    def changed(name, change):
        value = copy.deepcopy(sound.disclosure)
        change(value)
        return name, {"changes": changes(sound.disclosure, value)}

    first = sound.cells[0]["tiers"][0]
    tier = ("cells", 0, "tiers", 0)
    yield "not canonical", {"disclosure": json.dumps(sound.disclosure)}
    yield "not an object", {"disclosure": "[]"}
    yield changed("another format", lambda value: value.update(format="mifeng-draw/2"))
    yield changed("a key too many", lambda value: value.update(more="x"))
    yield changed("a key missing", lambda value: value.pop("seed"))
    yield changed("a short handle", lambda value: value.update(handle="00"))
    yield changed("an empty lot", lambda value: value.update(lot=""))
    yield changed("leaves out of order", put(*tier, "eligible", value=first["eligible"][64:] + first["eligible"][:64]))
    yield changed("a leaf twice", put(*tier, "eligible", value=first["eligible"][:64] * 2))
    yield changed("a leaf in both lists", put(*tier, "excluded", value=first["eligible"][:64]))
    yield changed("half a leaf", put(*tier, "eligible", value=first["eligible"][:-2]))
    yield changed("leaves in capitals", put(*tier, "eligible", value=first["eligible"].upper()))
    yield changed("leaves as an array", put(*tier, "eligible", value=[first["eligible"]]))
    yield changed("tiers out of order", lambda value: value["cells"][0]["tiers"].reverse())
    yield changed("a tier twice", put("cells", 0, "tiers", 1, "tier", value=1))
    yield changed("tier zero", put(*tier, "tier", value=0))
    yield changed("no seats", put("cells", 0, "seats", value=0))
    yield changed("a cell without a name", put("cells", 0, "cell", value=""))
    yield changed("a name beyond ASCII", put("cells", 0, "cell", value="货物"))
    yield changed("a short proof", put("contributions", 0, "pi", value="00"))
    yield changed("a short signature", put("contributions", 0, "signature", value="00"))
    yield changed("an unknown outcome", put("walk", 0, "outcome", value="skipped"))
    yield changed("an hour with minutes", put("walk", 0, "hour", value="2027-01-15T08:30Z"))
    yield changed("a detail that is no text", put("walk", 0, "detail", value=1))
    yield changed("seat zero", put("seats", 0, "number", value=0))
    yield changed("a record without cells", put("openings", 0, "record", "cells", value={}))
    yield changed("cells of a record as an array", put("openings", 0, "record", "cells", value=[]))
    yield changed("a record at tier zero", put("openings", 0, "record", "cells", value={"A08": 0}))
    yield changed("an exclusion that is no text", put("openings", 0, "record", "excl", value=0))


def put(*path, value):
    def change(whole):
        for key in path[:-1]:
            whole = whole[key]
        whole[path[-1]] = value

    return change
