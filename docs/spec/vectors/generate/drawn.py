"""One draw from its library to its disclosure, as ``draw.md`` words it, with every value on the way kept.

Two cells: two seats of A08, from a near and a far tier, and one seat of C04. Two people belong to both cells. Of those
invited the first refuses, the third cannot be reached, and the first seat becomes free again after all were taken.
"""

import json

from book import Book, clock
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ecvrf import G, hexed, long, scalar, steps, times
from primitives import LOG, NOTARY, START, b64, jcs, keyed, labelled, mth, path, secret

LOT, SITE = "lot-1", "linhe"
CELLS = [("A08", 2), ("C04", 1)]
PEOPLE = [
    ("p0", {"A08": 1, "C04": 1}, ""),
    ("p1", {"A08": 1}, ""),
    ("p2", {"A08": 1, "C04": 1}, ""),
    ("p3", {"A08": 1}, ""),
    ("p4", {"A08": 1}, "related"),
    ("p5", {"A08": 2}, ""),
    ("p6", {"A08": 2}, ""),
    ("p7", {"A08": 2}, ""),
    ("p8", {"A08": 2}, "busy"),
    ("p9", {"C04": 1}, ""),
    ("p10", {"C04": 1}, ""),
    ("p11", {"C04": 1}, "untrained"),
]
K_POOL = secret("pool key 6")
BODIES = ["notary", "finance bureau", "guest centre"]
LOT_REF = secret("lot ref")


def public(label):
    return long(times(scalar(label), G)).hex()


def signer(label):
    return Ed25519PrivateKey.from_private_bytes(secret(label))


def verify_key(label):
    return signer(label).public_key().public_bytes_raw().hex()


def number_text(number):
    return str(number).encode()


def plain_policy():
    return {
        "v": 1,
        "suite": "I1",
        "mode": "A",
        "lot_ref": LOT_REF.hex(),
        "t": 2,
        "n": 3,
        "trustees": [
            {
                "name": f"trustee-{one}",
                "organisation": f"body {one}",
                "hpke": public(f"hpke {one}"),
                "verify": verify_key(f"trustee {one}"),
            }
            for one in (1, 2, 3)
        ],
        "contributors": [
            {
                "name": f"witness-{one}",
                "organisation": BODIES[one - 1],
                "vrf": public(f"vrf {one}"),
                "verify": verify_key(f"contributor {one}"),
            }
            for one in (1, 2, 3)
        ],
        "log": LOG.vkey,
        "witnesses": [NOTARY.vkey],
        "parts": ["readout", "price", "business", "technical", "qualification", "identity"],
        "stages": [{"id": "1"}],
        "limits": {"envelope_bytes": 1000000},
        "window_minutes": 30,
        "demo": False,
    }


class Draw:
    """A draw; each argument makes one thing about it wrong.

    counted: which contributors make the seed. listed: the handles of the notice. policy_hash: what the notice names.
    early: the pool is logged first. handle_salt: r. twins: p9 is the person p3 is. misplaced: listed at the other tier.
    pardoned: listed as eligible. opened: people whose record is laid open besides those seated.
    """

    def __init__(self, policy=None, counted=(0, 1, 2), handle_salt=None, listed=None, policy_hash=None, **wrong):
        self.policy = policy or plain_policy()
        self.policy_text = jcs(self.policy)
        self.policy_hash = labelled("BE1 policy", self.policy_text)
        self.salt = handle_salt or secret("handle salt")
        self.handle = labelled("RD1 handle", LOT.encode(), SITE.encode(), self.salt)
        self.wrong = wrong
        self.fill()
        self.log(listed, policy_hash)
        self.draw_lots(counted)
        self.walk()
        self.disclose()

    def fill(self):
        self.people, self.lists = {}, {}
        for label, cells, excl in PEOPLE:
            person = secret("person p3" if self.wrong.get("twins") and label == "p9" else f"person {label}")
            record = jcs({"cells": cells, "excl": excl, "handle": self.handle.hex(), "person": person.hex()})
            salt = keyed(K_POOL, "RD1 salt", self.handle, person)
            leaf = labelled("RD1 leaf", salt, record)
            self.people[label] = {"record": record, "salt": salt, "leaf": leaf}
            for cell, tier in cells.items():
                side = "X" if excl and label != self.wrong.get("pardoned") else "E"
                place = (cell, 3 - tier if label == self.wrong.get("misplaced") else tier, side)
                self.lists.setdefault(place, []).append(leaf)
        self.rows, self.cells = [], []
        for cell, seats in CELLS:
            tiers = []
            for tier in (1, 2):
                sides = {side: sorted(self.lists.get((cell, tier, side), [])) for side in "EX"}
                if not sides["E"] + sides["X"]:
                    continue
                for side, leaves in sides.items():
                    self.rows += [(cell, tier, side, leaf) for leaf in leaves]
                joined = {side: b"".join(leaves).hex() for side, leaves in sides.items()}
                tiers.append({"tier": tier, "eligible": joined["E"], "excluded": joined["X"]})
            self.cells.append({"cell": cell, "seats": seats, "tiers": tiers})
        self.encoded = [row_bytes(*row) for row in self.rows]
        self.root = mth(self.encoded)

    def pool_body(self):
        sizes = [
            {
                "cell": cell["cell"],
                "seats": cell["seats"],
                "tiers": [
                    {
                        "tier": tier["tier"],
                        "eligible": len(tier["eligible"]) // 64,
                        "excluded": len(tier["excluded"]) // 64,
                    }
                    for tier in cell["tiers"]
                ],
            }
            for cell in self.cells
        ]
        facts = {
            "handle": self.handle.hex(),
            "root": self.root.hex(),
            "sizes": {cell["cell"]: sum(tier["eligible"] for tier in cell["tiers"]) for cell in sizes},
            "cells": sizes,
        }
        move = {"step": "commit", "subject": "experts.draw:1", "from": "asked", "to": "pooled", "facts": facts}
        return {"step": "commit_pool", "role": "clock", "moves": [move]}

    def notice_body(self, listed, policy_hash):
        facts = {
            "lot_ref": LOT_REF.hex(),
            "policy_hash": (policy_hash or self.policy_hash).hex(),
            "bids_due_at": clock(START + 3000),
        }
        handles = [one.hex() for one in ([self.handle] if listed is None else listed)]
        lot = {"step": "publish", "subject": "tenders.lot:1", "from": "issued", "to": "open", "facts": facts}
        tender = {"step": "publish_notice", "subject": "tenders.tender:1", "facts": {"draw_handles": handles}}
        return {"step": "publish_notice", "role": "agency", "moves": [tender, lot]}

    def log(self, listed, policy_hash):
        book = Book()
        entries = [
            ("publish_notice", "tenders.tender:1", self.notice_body(listed, policy_hash)),
            ("commit_pool", "experts.draw:1", self.pool_body()),
        ]
        if self.wrong.get("early"):
            entries.reverse()
        for number, (kind, stream, body) in enumerate(entries):
            book.entry(kind, stream, clock(START + number), body)
        note = book.note(START + 10)
        receipts = {}
        for index, (kind, _, _) in enumerate(entries):
            line = json.loads(book.lines[index])
            extra = jcs({key: line[key] for key in ("data", "salt", "body", "body_salt")})
            proof = "".join(f"{b64(step)}\n" for step in path(index, book.leaves))
            receipts[kind] = f"c2sp.org/tlog-proof@v1\nextra {b64(extra)}\nindex {index}\n{proof}\n{note}"
            if kind == "commit_pool":
                self.pool_leaf, self.pool_entry = book.leaves[index], book.steps[index]
        self.grounds = {
            "policy": self.policy_text.decode(),
            "notice": receipts["publish_notice"],
            "pool": receipts["commit_pool"],
        }

    def contribution(self, number, nonce=None, leaf=None):
        label, leaf = number + 1, leaf or self.pool_leaf
        alpha = labelled("RD1 alpha", self.handle, self.policy_hash, leaf)
        made = steps(scalar(f"vrf {label}"), alpha, nonce)
        name = f"witness-{label}"
        message = tuple_of(b"RD1 contribution", self.handle, self.policy_hash, leaf, name.encode(), made["pi"])
        signature = signer(f"contributor {label}").sign(message)
        self.beta = made["beta"]
        secret_key = scalar(f"vrf {label}").to_bytes(32, "big").hex()
        self.made = {
            "name": name,
            "secret": secret_key,
            **hexed(made),
            "message": message.hex(),
            "signature": signature.hex(),
        }
        return {"name": name, "pi": made["pi"].hex(), "signature": signature.hex()}

    def draw_lots(self, counted):
        self.alpha = labelled("RD1 alpha", self.handle, self.policy_hash, self.pool_leaf)
        self.contributions, self.contributed, betas = [], [], []
        for number in counted:
            if number < len(self.policy["contributors"]):
                self.contributions.append(self.contribution(number))
                self.contributed.append(self.made)
                betas.append(self.beta)
        self.seed = labelled("RD1 seed", self.alpha, *betas)
        self.ranks = {one["leaf"]: keyed(self.seed, "RD1 rank", one["leaf"]) for one in self.people.values()}
        self.orders = {}
        for cell, _ in CELLS:
            rows = [
                (tier, self.ranks[leaf], leaf) for name, tier, side, leaf in self.rows if (name, side) == (cell, "E")
            ]
            self.orders[cell] = [leaf for _, _, leaf in sorted(rows)]

    def walk(self):
        first, second = (self.orders[cell] for cell, _ in CELLS)
        self.lines, self.seated = [], []
        self.say("A08", first[0], "invited", 9)
        self.say("A08", first[1], "invited", 9)
        self.say("A08", first[0], "refused", 9, "busy")
        self.say("A08", first[2], "invited", 9)
        self.say("A08", first[1], "accepted", 9)
        self.say("A08", first[2], "unreachable", 10, "3 calls")
        self.say("A08", first[3], "invited", 10)
        self.say("A08", first[3], "accepted", 10)
        place = 0
        while second[place] in (first[1], first[3]):
            self.say("C04", second[place], "already-accepted", 10)
            place += 1
        self.say("C04", second[place], "invited", 10)
        self.say("C04", second[place], "accepted", 11)
        self.say("A08", first[1], "withdrawn", 12)
        self.say("A08", first[4], "invited", 12)
        self.say("A08", first[4], "accepted", 12)
        self.seated = [("A08", 2, first[3]), ("A08", 3, first[4]), ("C04", 1, second[place])]

    def say(self, cell, leaf, outcome, hour, detail=""):
        line = {"cell": cell, "leaf": leaf.hex(), "outcome": outcome, "detail": detail}
        self.lines.append(line | {"hour": f"2027-01-15T{hour:02d}Z"})

    def disclose(self):
        held = {leaf for _, _, leaf in self.seated}
        shown = [
            one for label, one in self.people.items() if one["leaf"] in held or label in self.wrong.get("opened", ())
        ]
        self.disclosure = {
            "format": "mifeng-draw/1",
            "lot": LOT,
            "site": SITE,
            "salt": self.salt.hex(),
            "handle": self.handle.hex(),
            "cells": self.cells,
            "contributions": self.contributions,
            "seed": self.seed.hex(),
            "walk": self.lines,
            "seats": [{"cell": cell, "number": number, "leaf": leaf.hex()} for cell, number, leaf in self.seated],
            "openings": [{"record": json.loads(one["record"]), "salt": one["salt"].hex()} for one in shown],
        }

    def shown(self):
        """Return every value on the way."""
        people = [
            {"name": label, "record": one["record"].decode(), "salt": one["salt"].hex(), "leaf": one["leaf"].hex()}
            for label, one in self.people.items()
        ]
        return {
            "lot": LOT,
            "site": SITE,
            "handle_salt": self.salt.hex(),
            "handle": self.handle.hex(),
            "policy": self.policy_text.decode(),
            "policy_hash": self.policy_hash.hex(),
            "pool_key": K_POOL.hex(),
            "seats": [{"cell": cell, "seats": seats} for cell, seats in CELLS],
            "people": people,
            "rows": [
                {
                    "cell": cell,
                    "tier": tier,
                    "side": side,
                    "leaf": leaf.hex(),
                    "row": row.hex(),
                }
                for (cell, tier, side, leaf), row in zip(self.rows, self.encoded, strict=True)
            ],
            "root": self.root.hex(),
            "pool_body": self.pool_body(),
            "pool_entry": self.pool_entry,
            "pool_leaf": self.pool_leaf.hex(),
            "alpha": self.alpha.hex(),
            "contributions": self.contributed,
            "seed": self.seed.hex(),
            "ranks": {label: self.ranks[one["leaf"]].hex() for label, one in self.people.items()},
            "orders": {cell: [self.name(leaf) for leaf in order] for cell, order in self.orders.items()},
            "walk": [{**line, "leaf": self.name(bytes.fromhex(line["leaf"]))} for line in self.lines],
            "seated": [{"cell": cell, "number": number, "name": self.name(leaf)} for cell, number, leaf in self.seated],
        }

    def name(self, leaf):
        return next(label for label, one in self.people.items() if one["leaf"] == leaf)

    def first(self, outcome):
        """Return the number of the first line of the walk with an outcome."""
        return next(number for number, line in enumerate(self.lines) if line["outcome"] == outcome)


def tuple_of(*items):
    out = bytes([len(items)])
    for item in items:
        out += len(item).to_bytes(8, "big") + item
    return out


def row_bytes(cell, tier, side, leaf):
    return tuple_of(cell.encode(), number_text(tier), side.encode(), leaf)
