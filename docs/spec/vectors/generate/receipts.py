"""Vectors of receipts: the story's entry 3 under its checkpoint of 4, and what must not pass for a proof of it."""

import json

from book import checkpoint_line, clock, forged, story
from primitives import FORGER, LOG, NOTARY, START, b64, checkpoint_text, jcs, mth, path, secret

BOOK = story()
LEAVES = BOOK.leaves[:4]
LINE = json.loads(BOOK.lines[5])
NOTE = json.loads(BOOK.lines[6])["checkpoint"]
STEPS = path(3, LEAVES)
EXTRA = {"data": LINE["data"], "salt": LINE["salt"]}
FULL = EXTRA | {"body": LINE["body"], "body_salt": LINE["body_salt"]}


def receipt(index=3, steps=STEPS, note=NOTE, extra=EXTRA):
    lines = ["c2sp.org/tlog-proof@v1", f"extra {b64(jcs(extra))}", f"index {index}", *(b64(step) for step in steps)]
    return "\n".join(lines) + "\n\n" + note


def receipts():
    return {
        "index": 3,
        "leaf": LINE["leaf"],
        "seen": START + 111,
        "text": receipt(),
        "with_body": receipt(extra=FULL),
        "refused": [{"name": name, "text": text} for name, text in refused()],
        "malformed": [{"name": name, "text": text} for name, text in malformed()],
    }


def refused():
    other = json.loads(BOOK.lines[4])
    late = json.loads(forged(6, t=clock(START + 400)))
    leaves = [*LEAVES[:3], bytes.fromhex(late["leaf"])]
    late_note = json.loads(checkpoint_line(4, START + 111, leaves))["checkpoint"]
    late_extra = {"data": late["data"], "salt": late["salt"]}
    plain, small = checkpoint_text(4, mth(LEAVES)), checkpoint_text(3, mth(LEAVES[:3]))
    alien = checkpoint_text(4, mth(LEAVES), "log.example/other")
    return [
        ("another entry", receipt(extra={"data": other["data"], "salt": other["salt"]})),
        ("another index", receipt(index=2)),
        ("index beyond the tree", receipt(index=4)),
        ("a step changed", receipt(steps=[secret("step"), *STEPS[1:]])),
        ("a step missing", receipt(steps=STEPS[:-1])),
        ("a smaller tree", receipt(note=small + "\n" + LOG.line(small))),
        ("not signed", receipt(note=plain + "\n" + NOTARY.cosignature(plain, START + 111))),
        ("signed by another key", receipt(note=plain + "\n" + FORGER.line(plain))),
        ("not cosigned", receipt(note=plain + "\n" + LOG.line(plain))),
        ("of another log", receipt(note=alien + "\n" + LOG.line(alien))),
        ("another body", receipt(extra=FULL | {"body": b64(b"{}")})),
        ("later than its witness", receipt(steps=path(3, leaves), note=late_note, extra=late_extra)),
    ]


def malformed():
    good = receipt()
    return [
        ("nothing", ""),
        ("another header", good.replace("@v1", "@v2")),
        ("no checkpoint", good.partition("\n\n")[0]),
        ("index missing", good.replace("index 3\n", "")),
        ("index not decimal", good.replace("index 3", "index 03")),
        ("index twice", good.replace("index 3\n", "index 3\nindex 3\n")),
        ("entry not laid open", good.replace(good.split("\n")[1] + "\n", "")),
        ("extra is a list", receipt(extra=[])),
        ("extra field", receipt(extra=EXTRA | {"more": "x"})),
        ("salt missing", receipt(extra={"data": LINE["data"]})),
        ("salt is a number", receipt(extra=EXTRA | {"salt": 1})),
        ("salt in capitals", receipt(extra=EXTRA | {"salt": LINE["salt"].upper()})),
        ("short salt", receipt(extra=EXTRA | {"salt": LINE["salt"][:62]})),
        ("body without salt", receipt(extra=EXTRA | {"body": LINE["body"]})),
        ("data is no entry", receipt(extra=EXTRA | {"data": b64(b"{}")})),
        ("data is a list", receipt(extra=EXTRA | {"data": b64(b"[]")})),
        ("short step", receipt(steps=[STEPS[0][:31]])),
        ("64 steps", receipt(steps=[STEPS[0]] * 64)),
        ("checkpoint is no note", receipt(note="nothing\n")),
    ]
